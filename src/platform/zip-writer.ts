import { PassThrough, Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** A ZIP file of one text, packed while it is read. */
export function zipText(name: string, content: AsyncIterable<string>, mtime: Date): Readable {
  const zip = new ZipFile();
  const input = Readable.from(content, { objectMode: false });
  zip.addReadStream(input, name, { mtime });
  zip.end();
  // yazl's stream is one of old: what fails on the way in must end it by hand.
  const output = new PassThrough();
  input.once('error', (error) => output.destroy(error));
  zip.outputStream.pipe(output);
  return output;
}
