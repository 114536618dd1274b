import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { isZipFile, readChunks } from '../../platform/spooled-file.ts';
import { openZipEntry } from '../../platform/zip-entry.ts';
import type { SentFile } from './begin-run.ts';
import { formOf, type LineForm } from './line-form.ts';
import { LineReader } from './line-reader.ts';
import type { LineProblem, ReconciliationRun, RunStore, RunTotals, StagedLines } from './ports.ts';
import { sortLines } from './sort-lines.ts';
import { StagingFile } from './staging-file.ts';

/** What reading needs from outside. */
export interface ReadDeps {
  readonly runs: Pick<RunStore, 'append' | 'progress' | 'resolveRefunds' | 'refuse'>;
  readonly clock: Clock;
  /** Where lines are kept until they are compared. */
  readonly folder: string;
  /** Ends reading between two chunks; the same file can be sent again. */
  readonly signal?: AbortSignal;
}

/** A file every line of which is good. */
export interface FileToCompare {
  readonly run: ReconciliationRun;
  readonly form: LineForm;
  readonly totals: RunTotals;
  /** Lines but for refunds, which are stored. Whoever has it closes it. */
  readonly staging: StagingFile;
}

/** How far reading is, of the unpacked file. */
export type OnProgress = (done: number, total: number, lines: number) => void;

/** An unpacked file may be as large as a day of ten million lines. */
const UNPACKED_BYTES_MAX = 8 * 1024 ** 3;
/** So many can be sorted in a few milliseconds. */
const SETTLED_A_WRITE = 8000;
const STORED_A_CALL = 10_000;
/** The database stores two parts while the next is read. */
const CALLS_AT_ONCE = 3;
const PROGRESS_EVERY_MS = 500;

interface Content {
  readonly form: LineForm;
  readonly bytes: number;
  readonly chunks: AsyncIterable<Buffer>;
}

async function openContent({ file, fileName, source }: SentFile): Promise<Content> {
  if (!(await isZipFile(file.path))) {
    return { form: formOf(fileName, false, source), bytes: file.bytes, chunks: readChunks(file.path) };
  }
  const { name, bytes, stream } = await openZipEntry(file.path, UNPACKED_BYTES_MAX);
  return { form: formOf(name, true, source), bytes, chunks: stream as AsyncIterable<Buffer> };
}

/** Stores lines a few calls at a time; the last calls are waited for at the end. */
function createLineStore({ runs }: ReadDeps, runId: number) {
  const underWay: Promise<void>[] = [];
  return {
    async store(lines: StagedLines): Promise<void> {
      if (lines.lines === 0) return;
      if (underWay.length === CALLS_AT_ONCE) await underWay.shift();
      const call = runs.append(runId, lines);
      // It is waited for later; until then its failure is nobody's surprise.
      call.catch(() => undefined);
      underWay.push(call);
    },
    stored: () => Promise.all(underWay),
    ended: () => Promise.allSettled(underWay),
  };
}

/** Reads to the end or to where nothing more need be known; answers with the reader, which knows what was wrong. */
async function readLines(
  deps: ReadDeps,
  runId: number,
  content: Content,
  sent: SentFile,
  staging: StagingFile,
  onProgress: OnProgress,
): Promise<LineReader> {
  const { runs, clock, signal } = deps;
  const reader = new LineReader(content.form, sent);
  const inDatabase = createLineStore(deps, runId);
  let done = 0;
  let toldMs = performance.now();
  const tell = async (): Promise<void> => {
    toldMs = performance.now();
    onProgress(done, content.bytes, reader.lines);
    await runs.progress(runId, { bytesDone: done, bytesTotal: content.bytes, lines: reader.lines }, clock.now());
  };
  const stage = async (): Promise<void> => {
    const { isRising, ...lines } = reader.takeSettled();
    const sorted = sortLines(lines, isRising);
    await staging.write(sorted);
    await inDatabase.store(sorted.repeating);
  };
  try {
    for await (const chunk of content.chunks) {
      signal?.throwIfAborted();
      done += chunk.length;
      if (!reader.read(chunk)) break;
      if (reader.settled >= SETTLED_A_WRITE) await stage();
      if (reader.refunds >= STORED_A_CALL) await inDatabase.store(reader.takeRefunds());
      if (performance.now() - toldMs >= PROGRESS_EVERY_MS) await tell();
    }
    reader.end();
    if (reader.problems.length === 0) {
      if (reader.settled > 0) await stage();
      await inDatabase.store(reader.takeRefunds());
    }
  } finally {
    await inDatabase.ended();
  }
  await inDatabase.stored();
  await tell();
  return reader;
}

async function readContent(
  deps: ReadDeps,
  run: ReconciliationRun,
  sent: SentFile,
  onProgress: OnProgress,
): Promise<FileToCompare | readonly LineProblem[]> {
  const staging = await StagingFile.open(deps.folder);
  try {
    // Read at once: a stream that fails while nobody listens to it takes the process with it.
    const content = await openContent(sent);
    const { problems, sums } = await readLines(deps, run.runId, content, sent, staging, onProgress);
    if (problems.length === 0) {
      if (sums.refunded.settlements > 0) await deps.runs.resolveRefunds(run.runId);
      return { run, form: content.form, totals: sums, staging };
    }
    await staging.close();
    return problems;
  } catch (error) {
    await staging.close();
    throw error;
  }
}

/**
 * Reads the file of a run that has begun: every line is checked and kept for the comparison, on the local disk where it can
 * be; or the file is refused with all that is wrong (up to a hundred things) and nothing of it stays.
 *
 * @shape run, file → what is to be compared; undefined when it is refused
 * @throws AppError DATABASE_UNAVAILABLE (retryable); what the disk fails with
 * @source design §10; chs-interface 4.2
 */
export async function readFile(
  deps: ReadDeps,
  run: ReconciliationRun,
  sent: SentFile,
  onProgress: OnProgress = () => undefined,
): Promise<FileToCompare | undefined> {
  const read = await readContent(deps, run, sent, onProgress).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.code !== 'BAD_ZIP') throw error;
    return [{ line: 0, column: 0, name: '', problem: error.message }];
  });
  if ('staging' in read) return read;
  await deps.runs.refuse(run.runId, read, deps.clock.now());
  return undefined;
}
