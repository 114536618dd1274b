import type { DateText } from '../../core/calendar.ts';
import type { FileSource } from '../../core/reconcile/rows.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { isZipFile, readChunks, type SpooledFile } from '../../platform/spooled-file.ts';
import { openZipEntry } from '../../platform/zip-entry.ts';
import { CHS_FORM, csvForm, type LineForm } from './line-form.ts';
import { LineReader, PROBLEMS_MAX } from './line-reader.ts';
import type { BegunLoading, LineProblem, ReconciliationRun, RunStore } from './ports.ts';

/** What loading needs from outside. */
export interface LoadDeps {
  readonly runs: RunStore;
  readonly clock: Clock;
  /** Ends loading between two chunks; the same file can be sent again. */
  readonly signal?: AbortSignal;
}

/** A file that somebody sent, and what it is sent for. */
export interface SentFile {
  readonly file: SpooledFile;
  /** As the sender calls it. */
  readonly fileName: string;
  readonly source: FileSource;
  readonly party: string;
  /** County of the party. */
  readonly region: string;
  readonly businessDate: DateText;
  readonly sentBy: string;
}

/** How far reading is, of the unpacked file. */
export type OnProgress = (done: number, total: number, lines: number) => void;

/** An unpacked file may be as large as a day of ten million lines. */
const UNPACKED_BYTES_MAX = 8 * 1024 ** 3;
const LINES_A_CALL = 25_000;
/** The database stores two parts while the next is read. */
const CALLS_AT_ONCE = 3;
const PROGRESS_EVERY_MS = 500;
/** A process that has a file says so again and again; one that has said nothing for so long is dead. */
const DEAD_AFTER_MS = 60_000;
const FILE_NAME_MAX = 255;

interface Content {
  readonly form: LineForm;
  readonly bytes: number;
  readonly chunks: AsyncIterable<Buffer>;
}

function formOf(name: string, isZip: boolean, source: FileSource): LineForm {
  const isCsv = isZip ? /\.csv$/i.test(name) : !/\.txt$/i.test(name);
  return isCsv ? csvForm(source) : CHS_FORM;
}

async function openContent({ file, fileName, source }: SentFile, isZip: boolean): Promise<Content> {
  if (!isZip) return { form: formOf(fileName, false, source), bytes: file.bytes, chunks: readChunks(file.path) };
  const { name, bytes, stream } = await openZipEntry(file.path, UNPACKED_BYTES_MAX);
  return { form: formOf(name, true, source), bytes, chunks: stream as AsyncIterable<Buffer> };
}

/**
 * The window that a file is held against; also asked before a large file is received for nothing.
 *
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN (retryable: the day is not over), PERIOD_CLOSED
 */
export async function checkPeriod(
  { runs }: Pick<LoadDeps, 'runs'>,
  { source, party, businessDate }: Pick<SentFile, 'source' | 'party' | 'businessDate'>,
): Promise<number> {
  const window = await runs.windowOn(businessDate);
  if (window === undefined) {
    throw new AppError('NO_SUCH_PERIOD', `${businessDate} is no business day of ours`, { status: 404 });
  }
  if (!window.isClosed) {
    const help = 'send the file when the day is closed; totals can be compared before';
    throw new AppError('PERIOD_OPEN', `${businessDate} is still open`, { status: 409, retryable: true, help });
  }
  if (await runs.hasClosed(source, party, window.windowId)) {
    const help = 'what is left to correct goes into a later day';
    throw new AppError('PERIOD_CLOSED', `${businessDate} is reconciled and closed`, { status: 409, help });
  }
  return window.windowId;
}

/** Reads and stores; answers with the reader, which knows what was wrong. */
async function storeLines(deps: LoadDeps, runId: number, content: Content, sent: SentFile, onProgress: OnProgress) {
  const { runs, clock, signal } = deps;
  const reader = new LineReader(content.form, sent);
  const underWay: Promise<void>[] = [];
  let done = 0;
  let toldMs = 0;
  const told = () => ({ bytesDone: done, bytesTotal: content.bytes, lines: reader.lines });
  const store = async (): Promise<void> => {
    if (underWay.length === CALLS_AT_ONCE) await underWay.shift();
    const call = runs.append(runId, reader.take());
    // It is waited for later; until then its failure is nobody's surprise.
    call.catch(() => undefined);
    underWay.push(call);
  };
  try {
    for await (const chunk of content.chunks) {
      signal?.throwIfAborted();
      done += chunk.length;
      if (!reader.read(chunk)) break;
      if (reader.staged >= LINES_A_CALL) await store();
      const nowMs = performance.now();
      if (nowMs - toldMs < PROGRESS_EVERY_MS) continue;
      toldMs = nowMs;
      onProgress(done, content.bytes, reader.lines);
      await runs.progress(runId, told(), clock.now());
    }
    reader.end();
    if (reader.staged > 0 && reader.problems.length === 0) await store();
  } finally {
    await Promise.allSettled(underWay);
  }
  await Promise.all(underWay);
  await runs.progress(runId, told(), clock.now());
  onProgress(done, content.bytes, reader.lines);
  return reader;
}

async function repeatsIn({ runs }: LoadDeps, runId: number, { columns }: LineForm): Promise<LineProblem[]> {
  const column = columns.findIndex(({ kind }) => kind === 'settlementId');
  const repeats = await runs.repeats(runId, PROBLEMS_MAX);
  return repeats.map(({ lineNo, firstNo }) => ({
    line: lineNo,
    column: column + 1,
    name: columns[column]?.name ?? '',
    problem: `repeats line ${firstNo}`,
  }));
}

async function readInto(
  deps: LoadDeps,
  runId: number,
  sent: SentFile,
  isZip: boolean,
  onProgress: OnProgress,
): Promise<void> {
  const { runs, clock } = deps;
  const content = await openContent(sent, isZip);
  const reader = await storeLines(deps, runId, content, sent, onProgress);
  let { problems } = reader;
  if (problems.length === 0 && !reader.isSorted) problems = await repeatsIn(deps, runId, content.form);
  if (problems.length > 0) {
    await runs.refuse(runId, problems, clock.now());
    return;
  }
  const hasRefunds = reader.sums.refunded.settlements > 0;
  if (hasRefunds) await runs.resolveRefunds(runId);
  const mayDouble = hasRefunds || !reader.isSorted;
  await runs.loaded(runId, { form: content.form.name, totals: reader.sums, mayDouble }, clock.now());
}

/**
 * Loads a file: every line is checked and stored, or the file is refused with all that is wrong (up to a hundred things)
 * and nothing of it stays. The same file again is the same run.
 *
 * @shape file → run, `loaded` or `refused`; as it is where the file was loaded before, or is being loaded
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED, DATABASE_UNAVAILABLE (retryable)
 * @source design §10; chs-interface 4.2
 */
export async function loadFile(
  deps: LoadDeps,
  sent: SentFile,
  onProgress: OnProgress = () => undefined,
): Promise<ReconciliationRun> {
  const { run, isNew } = await beginLoading(deps, sent);
  if (!isNew) return run;
  return fillRun(deps, run, sent, onProgress);
}

/**
 * Finds out whether a file is to be loaded.
 *
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED
 */
export async function beginLoading(deps: LoadDeps, sent: SentFile): Promise<BegunLoading> {
  const { runs, clock } = deps;
  const { source, party, region, businessDate, sentBy, file } = sent;
  const windowId = await checkPeriod(deps, sent);
  const fileName = sent.fileName.slice(0, FILE_NAME_MAX);
  const form = formOf(fileName, await isZipFile(file.path), source).name;
  const about = { source, party, region, windowId, businessDate, form, fileName, sentBy };
  const nowMs = clock.now();
  return runs.begin({ ...about, sha256: file.sha256, bytesTotal: file.bytes }, nowMs, nowMs - DEAD_AFTER_MS);
}

/** Loads the file of a run that {@link beginLoading} has started. */
export async function fillRun(
  deps: LoadDeps,
  { runId }: ReconciliationRun,
  sent: SentFile,
  onProgress: OnProgress,
): Promise<ReconciliationRun> {
  const { runs, clock } = deps;
  try {
    await readInto(deps, runId, sent, await isZipFile(sent.file.path), onProgress);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'BAD_ZIP') throw error;
    await runs.refuse(runId, [{ line: 0, column: 0, name: '', problem: error.message }], clock.now());
  }
  const run = await runs.find(runId);
  return run as NonNullable<typeof run>;
}
