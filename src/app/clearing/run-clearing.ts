import { multilateralNets, owedByPair, type Owed } from '../../core/clearing/netting.ts';
import { nextDate, type DateText } from '../../core/calendar.ts';
import { invariant } from '../../core/invariant.ts';
import type { Fen } from '../../core/money/fen.ts';
import { shanghaiDate, type Clock } from '../../platform/clock.ts';
import { invalidInput } from '../../platform/errors.ts';
import type {
  ClearingResult,
  ClearingStore,
  ClearingWindow,
  NetPosition,
  OutboxMessage,
  PairStatement,
} from '../ports.ts';
import { adjustedBetween, withAdjustments } from './add-adjustments.ts';
import { ItemsHash } from './item-hash.ts';

/** What clearing needs from outside. */
export interface ClearingDeps {
  readonly store: Pick<
    ClearingStore,
    'openWindow' | 'closeWindow' | 'closedWindows' | 'window' | 'gross' | 'adjustments' | 'items' | 'issue'
  >;
  /** Counties that have a position and get a notice, also of a day without business. */
  readonly regions: readonly string[];
  readonly clock: Clock;
  /** Ends the run before its next step; what is done stays done, the next run goes on from there. */
  readonly signal?: AbortSignal;
}

const ITEMS_PER_PAGE = 1000;

/** All notices of a fund are sent in order; no person's id has a blank in it. */
const NOTICE_ORDER_KEY = 'clearing notices';

/**
 * Clears every business day up to one: closes the windows that are open that long, one for each day, also where a day was
 * missed or empty, then issues every window that is closed. A run that died anywhere is finished by the next one.
 *
 * @shape business day → the windows issued, oldest first; none when all was done before
 * @throws AppError INVALID_INPUT for a day to come, NO_OPEN_WINDOW, DATABASE_UNAVAILABLE (retryable), the signal's reason
 * @source design §9
 */
export async function clearUpTo(deps: ClearingDeps, businessDate: DateText): Promise<readonly ClearingWindow[]> {
  if (businessDate > shanghaiDate(deps.clock.now())) {
    throw invalidInput([{ field: 'businessDate', problem: 'lies in the future' }]);
  }
  await closeWindows(deps, businessDate);
  const issued: ClearingWindow[] = [];
  for (const window of await deps.store.closedWindows()) {
    deps.signal?.throwIfAborted();
    await issueWindow(deps, window);
    issued.push((await deps.store.window(window.windowId)) ?? window);
  }
  return issued;
}

/** Each missed night gets a window of its own, so that every business day has one statement and one notice. */
async function closeWindows({ store, clock, signal }: ClearingDeps, businessDate: DateText): Promise<void> {
  let open = await store.openWindow();
  while (open.businessDate <= businessDate) {
    signal?.throwIfAborted();
    await store.closeWindow(open.businessDate, nextDate(open.businessDate), clock.now());
    const next = await store.openWindow();
    invariant(next.businessDate > open.businessDate, 'closing a window opens the one of the next day');
    open = next;
  }
}

/** Nothing of a window is written before all of it is known; a closed window takes no more settlements. */
async function issueWindow(deps: ClearingDeps, { windowId }: ClearingWindow): Promise<void> {
  const { store, regions, clock, signal } = deps;
  const adjustments = await store.adjustments(windowId);
  const gross = withAdjustments(await store.gross(windowId), adjustments);
  // All layers and personal accounts, never cash; a pair whose bills were all paid in cash has no statement.
  const owed = owedByPair(gross);
  const statements: PairStatement[] = [];
  for (const pair of owed) {
    signal?.throwIfAborted();
    statements.push(await stateItems(store, windowId, pair, adjustedBetween(adjustments, pair)));
  }
  const nets = multilateralNets(owed, regions).map((net) => ({ windowId, ...net }));
  const atMs = clock.now();
  const result: ClearingResult = { gross, statements, nets, notices: noticesOf(windowId, nets, atMs) };
  signal?.throwIfAborted();
  await store.issue(windowId, result, atMs);
}

/** Adds a pair's bills up one by one, which must come to what the database summed by layer. */
async function stateItems(
  store: Pick<ClearingStore, 'items'>,
  windowId: number,
  { homeRegion, treatmentRegion, amount }: Owed,
  adjusted: Fen,
): Promise<PairStatement> {
  const hash = new ItemsHash();
  let settlements = 0;
  let owed = adjusted;
  let after: string | undefined = '';
  while (after !== undefined) {
    const page = await store.items(windowId, homeRegion, treatmentRegion, after, ITEMS_PER_PAGE);
    for (const item of page) {
      hash.add(item);
      settlements += 1;
      owed += item.owed;
    }
    after = page.length < ITEMS_PER_PAGE ? undefined : page.at(-1)?.settlementId;
  }
  invariant(owed === amount, 'the bills and adjustments of a pair add up to its gross');
  const statementId = `${windowId}-${homeRegion}-${treatmentRegion}`;
  return { statementId, windowId, homeRegion, treatmentRegion, settlements, owed, itemsHash: hash.digest() };
}

/** One notice a county and window, under a name of its own: a window that is cleared again makes the same ones. */
function noticesOf(windowId: number, nets: readonly NetPosition[], createdAtMs: number): OutboxMessage[] {
  return nets.map(({ region }) => ({
    messageId: `notice-${windowId}-${region}`,
    partnerRegion: region,
    topic: 'clearing-notice',
    subjectId: String(windowId),
    orderKey: NOTICE_ORDER_KEY,
    createdAtMs,
  }));
}
