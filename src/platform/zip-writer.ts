import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** A ZIP file of one text, packed while it is read. */
export function zipText(name: string, content: AsyncIterable<string>, mtime: Date): Readable {
  const zip = new ZipFile();
  const input = Readable.from(content, { objectMode: false });
  const output = Readable.from(zip.outputStream, { objectMode: false });
  input.once('error', (error) => output.destroy(error));
  zip.addReadStream(input, name, { mtime });
  zip.end();
  return output;
}
