import { AppError } from '../../platform/errors.ts';
import { isZipFile, readChunks } from '../../platform/spooled-file.ts';
import { openZipEntry } from '../../platform/zip-entry.ts';
import type { FileSource } from '../../core/reconcile/rows.ts';
import { formOf, type LineForm } from './line-form.ts';
import { LineReader, type Expected } from './line-reader.ts';
import type { LineProblem, RunTotals, StagedLines } from './ports.ts';
import { sortLines } from './sort-lines.ts';
import { StagingFile } from './staging-file.ts';

/** A file to be read, and the folder in which its good lines are kept until they are compared. */
export interface LinesJob extends Expected {
  readonly path: string;
  readonly bytes: number;
  readonly fileName: string;
  readonly source: FileSource;
  readonly folder: string;
}

/** What reading tells on the way. */
export interface LinesOut {
  /** How far it is, of the unpacked file. */
  progress(done: number, total: number, lines: number): void;
  /** Takes lines for which the staging file has no place: refunds, and second lines of the same id. */
  store(lines: StagedLines): Promise<void>;
}

/** A file that was read: good to its end, or with what is wrong. */
export type ReadLines =
  | { readonly form: LineForm; readonly totals: RunTotals; readonly staging: StagingFile }
  | { readonly problems: readonly LineProblem[] };

/** An unpacked file may be as large as a day of ten million lines. */
const UNPACKED_BYTES_MAX = 8 * 1024 ** 3;
/** So many can be sorted in a few milliseconds. */
const SETTLED_A_WRITE = 8000;
const STORED_A_CALL = 10_000;
const PROGRESS_EVERY_MS = 500;

interface Content {
  readonly form: LineForm;
  readonly bytes: number;
  readonly chunks: AsyncIterable<Buffer>;
}

async function openContent({ path, bytes: sent, fileName, source }: LinesJob): Promise<Content> {
  if (!(await isZipFile(path))) {
    return { form: formOf(fileName, false, source), bytes: sent, chunks: readChunks(path) };
  }
  const { name, bytes, stream } = await openZipEntry(path, UNPACKED_BYTES_MAX);
  return { form: formOf(name, true, source), bytes, chunks: stream as AsyncIterable<Buffer> };
}

/** Reads to the end or to where nothing more need be known; answers with the reader, which knows what was wrong. */
async function readContent(job: LinesJob, content: Content, staging: StagingFile, out: LinesOut): Promise<LineReader> {
  const reader = new LineReader(content.form, job);
  let done = 0;
  let toldMs = performance.now();
  const tell = (): void => {
    toldMs = performance.now();
    out.progress(done, content.bytes, reader.lines);
  };
  const stage = async (): Promise<void> => {
    const { isRising, ...lines } = reader.takeSettled();
    const sorted = sortLines(lines, isRising);
    await staging.write(sorted);
    if (sorted.repeating.lines > 0) await out.store(sorted.repeating);
  };
  for await (const chunk of content.chunks) {
    done += chunk.length;
    if (!reader.read(chunk)) break;
    if (reader.settled >= SETTLED_A_WRITE) await stage();
    if (reader.refunds >= STORED_A_CALL) await out.store(reader.takeRefunds());
    if (performance.now() - toldMs >= PROGRESS_EVERY_MS) tell();
  }
  reader.end();
  if (reader.problems.length === 0) {
    if (reader.settled > 0) await stage();
    if (reader.refunds > 0) await out.store(reader.takeRefunds());
  }
  tell();
  return reader;
}

/**
 * Reads a file to its end: every line is checked, and good lines are staged or handed out to be stored.
 *
 * @shape file → form, totals and staged lines | problems, up to a hundred of them
 * @throws what the disk fails with, what `out` fails with; nothing is staged then
 * @source design §10; chs-interface 4.2
 */
export async function readLines(job: LinesJob, out: LinesOut): Promise<ReadLines> {
  const staging = await StagingFile.open(job.folder);
  let isGood = false;
  try {
    // Read at once: a stream that fails while nobody listens to it takes the process with it.
    const content = await openContent(job);
    const { problems, sums } = await readContent(job, content, staging, out);
    if (problems.length > 0) return { problems };
    isGood = true;
    return { form: content.form, totals: sums, staging };
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'BAD_ZIP') throw error;
    return { problems: [{ line: 0, column: 0, name: '', problem: error.message }] };
  } finally {
    if (!isGood) await staging.close();
  }
}
