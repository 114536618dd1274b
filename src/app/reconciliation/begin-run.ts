import type { DateText } from '../../core/calendar.ts';
import type { FileSource } from '../../core/reconcile/rows.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import { isZipFile, type SpooledFile } from '../../platform/spooled-file.ts';
import { formOf } from './line-form.ts';
import type { BegunRun, RunStore } from './ports.ts';

/** What beginning needs from outside. */
export interface BeginDeps {
  readonly runs: Pick<RunStore, 'windowOn' | 'hasClosed' | 'begin'>;
  readonly clock: Clock;
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

/** A process that has a file says so again and again; one that has said nothing for so long is dead. */
const DEAD_AFTER_MS = 60_000;
const FILE_NAME_MAX = 255;

/**
 * The window that a file is held against; also asked before a large file is received for nothing.
 *
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN (retryable: the day is not over), PERIOD_CLOSED
 */
export async function checkPeriod(
  { runs }: Pick<BeginDeps, 'runs'>,
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

/**
 * Begins a run for a file, or finds the one of the same file.
 *
 * @throws AppError NO_SUCH_PERIOD, PERIOD_OPEN, PERIOD_CLOSED, DATABASE_UNAVAILABLE (retryable)
 */
export async function beginRun(deps: BeginDeps, sent: SentFile): Promise<BegunRun> {
  const { runs, clock } = deps;
  const { source, party, region, businessDate, sentBy, file } = sent;
  const windowId = await checkPeriod(deps, sent);
  const fileName = sent.fileName.slice(0, FILE_NAME_MAX);
  const form = formOf(fileName, await isZipFile(file.path), source).name;
  const about = { source, party, region, windowId, businessDate, form, fileName, sentBy };
  const nowMs = clock.now();
  return runs.begin({ ...about, sha256: file.sha256, bytesTotal: file.bytes }, nowMs, nowMs - DEAD_AFTER_MS);
}
