import { multilateralNets, owedByPair } from '../../core/clearing/netting.ts';
import { nextDate, type DateText } from '../../core/calendar.ts';
import { invariant } from '../../core/invariant.ts';
import { hasReached } from '../../core/lifecycle/window-states.ts';
import { shanghaiDate, type Clock } from '../../platform/clock.ts';
import { invalidInput } from '../../platform/errors.ts';
import type { Fence, OutboxMessage } from '../ports.ts';
import type { ClearingSteps, ClearingStore, ClearingWindow, NetPosition, WindowReader } from './ports.ts';
import { sumWindow } from './sum-window.ts';

/**
 * What is done to a window, in order. Each step is one transaction, can be done again, and leaves behind what the next one
 * starts from.
 *
 * - `close`: it takes no more · `reconcile`: gross, statements and balances, computed in ways that agree
 * - `net`: what each county gets or pays · `issue`: everybody is told
 */
export const CLEARING_STEPS = ['close', 'reconcile', 'net', 'issue'] as const;
export type ClearingStep = (typeof CLEARING_STEPS)[number];

/** A step that begins or has ended, or how far it is. */
export interface StepReport {
  readonly step: ClearingStep;
  readonly phase: 'begin' | 'progress' | 'end';
  readonly windowId: number;
  readonly businessDate: DateText;
  /** Settlements, while a window is reconciled. */
  readonly done?: number;
  readonly total?: number;
}

/** What clearing needs from outside. */
export interface ClearingDeps {
  readonly store: Pick<ClearingStore, 'openWindow' | 'closeWindow' | 'closedWindows' | 'window' | 'grossItems'>;
  readonly steps: ClearingSteps;
  readonly reader: WindowReader;
  /** Counties that have a position and get a notice, also of a day without business. */
  readonly regions: readonly string[];
  readonly clock: Clock;
  /** Refuses what a runner writes that lost its lease. */
  readonly fence?: Fence | undefined;
  /** Ends the run before its next step; what is done stays done, the next run goes on from there. */
  readonly signal?: AbortSignal | undefined;
  /** Told of every step; the step waits for it. */
  readonly onStep?: ((report: StepReport) => void | Promise<void>) | undefined;
}

/** All notices of a fund are sent in order; no person's id has a blank in it. */
const NOTICE_ORDER_KEY = 'clearing notices';

/**
 * Clears every business day up to one: closes the windows that are open that long, one for each day, also where a day was
 * missed or empty, then reconciles, nets and issues every window that is closed, oldest first. A run that died anywhere is
 * finished by the next one. A window that does not add up stays closed and holds up those after it, which are closed all
 * the same.
 *
 * @shape business day → the windows issued, oldest first; none when all was done before
 * @throws AppError INVALID_INPUT for a day to come, WINDOW_DISAGREES, LEASE_LOST (retryable), NO_OPEN_WINDOW,
 *   DATABASE_UNAVAILABLE (retryable), the signal's reason
 * @source design §9
 */
export async function clearUpTo(deps: ClearingDeps, businessDate: DateText): Promise<readonly ClearingWindow[]> {
  if (businessDate > shanghaiDate(deps.clock.now())) {
    throw invalidInput([{ field: 'businessDate', problem: 'lies in the future' }]);
  }
  await closeWindows(deps, businessDate);
  const issued: ClearingWindow[] = [];
  for (const window of await deps.store.closedWindows()) {
    await clearWindow(deps, window);
    issued.push((await deps.store.window(window.windowId)) ?? window);
  }
  return issued;
}

type Window = Pick<ClearingWindow, 'windowId' | 'businessDate'>;

/** One step, told of before and after; nothing begins after the signal. */
async function take(
  { signal, onStep }: ClearingDeps,
  step: ClearingStep,
  { windowId, businessDate }: Window,
  work: () => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  await onStep?.({ step, phase: 'begin', windowId, businessDate });
  await work();
  await onStep?.({ step, phase: 'end', windowId, businessDate });
}

/** Each missed night gets a window of its own, so that every business day has one statement and one notice. */
async function closeWindows(deps: ClearingDeps, businessDate: DateText): Promise<void> {
  const { store, clock, fence } = deps;
  let open = await store.openWindow();
  while (open.businessDate <= businessDate) {
    const day = open.businessDate;
    await take(deps, 'close', open, () => store.closeWindow(day, nextDate(day), clock.now(), fence));
    const next = await store.openWindow();
    invariant(next.businessDate > day, 'closing a window opens the one of the next day');
    open = next;
  }
}

/** From where the window is: what an earlier run did to it is not done again. */
async function clearWindow(deps: ClearingDeps, window: ClearingWindow): Promise<void> {
  const { store, steps, reader, regions, clock, fence, signal, onStep } = deps;
  const { windowId, businessDate } = window;
  if (!hasReached(window.state, 'reconciled')) {
    await take(deps, 'reconcile', window, async () => {
      const onProgress = (done: number, total: number): void => {
        void onStep?.({ step: 'reconcile', phase: 'progress', windowId, businessDate, done, total });
      };
      const sums = await sumWindow(reader, windowId, { signal, onProgress });
      await steps.reconcile(windowId, sums, clock.now(), fence);
    });
  }
  // All layers and personal accounts, never cash.
  const owed = owedByPair(await store.grossItems(windowId));
  const nets = multilateralNets(owed, regions).map((net) => ({ windowId, ...net }));
  await take(deps, 'net', window, () => steps.net(windowId, nets, fence));
  const atMs = clock.now();
  await take(deps, 'issue', window, () => steps.issue(windowId, noticesOf(windowId, nets, atMs), atMs, fence));
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
