const END_SIGNATURE = 0x06054b50;
const LOCAL_HEADER = 30;
const DIRECTORY_ENTRY = 46;

/** Parts of a small archive by their names, as text; read from its directory, as a spreadsheet does. */
export function unzip(archive: Buffer, inflate: (data: Buffer) => Buffer): Map<string, string> {
  const end = archive.lastIndexOf(Buffer.from(Uint32Array.of(END_SIGNATURE).buffer));
  const parts = new Map<string, string>();
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const method = archive.readUInt16LE(at + 10);
    const size = archive.readUInt32LE(at + 20);
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => archive.readUInt16LE(at + offset));
    const local = archive.readUInt32LE(at + 42);
    const name = archive.toString('utf8', at + DIRECTORY_ENTRY, at + DIRECTORY_ENTRY + nameLength!);
    const from = local + LOCAL_HEADER + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const data = archive.subarray(from, from + size);
    parts.set(name, (method === 0 ? data : inflate(data)).toString('utf8'));
    at += DIRECTORY_ENTRY + nameLength! + extra! + comment!;
  }
  return parts;
}
