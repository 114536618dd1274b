import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { AppError } from './errors.ts';

/** The one file inside a ZIP file. */
export interface ZipEntry {
  readonly name: string;
  /** Its size when unpacked, as the archive says; a stream that comes to another size fails. */
  readonly bytes: number;
  /** Fails with BAD_ZIP where the data are damaged. Reading it to the end, or destroying it, closes the archive. */
  readonly stream: Readable;
}

/** Text packs tenfold, and thirtyfold when it repeats itself; what unpacks to more is made to fill a disk. */
const RATIO_MAX = 200;

function badZip(problem: string, cause?: unknown): AppError {
  return new AppError('BAD_ZIP', `the ZIP file ${problem}`, {
    status: 400,
    help: 'send one text file in one ZIP file, neither encrypted nor in a folder',
    cause,
  });
}

async function onlyEntryOf(zip: ZipFile): Promise<Entry> {
  if (zip.entryCount !== 1) throw badZip(`has ${zip.entryCount} entries instead of 1`);
  const next = await zip.eachEntry().next();
  if (next.done === true) throw badZip('has no entry');
  return next.value;
}

function checkEntry(entry: Entry, bytesMax: number): void {
  const { fileName, compressedSize, uncompressedSize } = entry;
  if (fileName.includes('/')) throw badZip('holds a folder');
  if (entry.isEncrypted()) throw badZip('is encrypted');
  if (!entry.canDecodeFileData()) throw badZip('is packed by a method other than deflate');
  if (uncompressedSize > bytesMax) throw badZip(`unpacks to more than ${bytesMax} bytes`);
  if (uncompressedSize > RATIO_MAX * Math.max(compressedSize, 1024)) {
    throw badZip(`unpacks to more than ${RATIO_MAX} times its size`);
  }
}

async function* checked(stream: Readable, entry: Entry, zip: ZipFile): AsyncGenerator<Buffer> {
  let sum = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw badZip('is damaged: its data cannot be unpacked', error);
  } finally {
    zip.close();
  }
  if (sum !== entry.crc32) throw badZip('is damaged: its check sum is another one');
}

/**
 * Opens the only entry of a ZIP file for reading once, unpacked as it is read.
 *
 * @throws AppError BAD_ZIP for what is no ZIP file or cut short, several entries, folders and paths, encryption, and what
 *   unpacks to far more than it is
 */
export async function openZipEntry(path: string, bytesMax: number): Promise<ZipEntry> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(path, { autoClose: false, lazyEntries: true, strictFileNames: true });
    const entry = await onlyEntryOf(zip);
    checkEntry(entry, bytesMax);
    const stream = await zip.openReadStreamPromise(entry);
    return {
      name: entry.fileName,
      bytes: entry.uncompressedSize,
      stream: Readable.from(checked(stream, entry, zip), { objectMode: false }),
    };
  } catch (error) {
    zip?.close();
    if (error instanceof AppError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    throw badZip('cannot be read: it is cut short, damaged or none', error);
  }
}
