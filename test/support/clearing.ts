import { sumWindow } from '../../src/app/clearing/sum-window.ts';
import type { ClearingDeps } from '../../src/app/clearing/run-clearing.ts';
import type { GrossItem, NetPosition, WindowSums } from '../../src/app/clearing/ports.ts';
import type { OutboxMessage } from '../../src/app/ports.ts';
import type { Database } from '../../src/db/open-database.ts';

/** What clearing works on in a database. */
export function clearingPorts(database: Database): Pick<ClearingDeps, 'store' | 'steps' | 'reader'> {
  const { clearingStore: store, clearingSteps: steps, windowReader: reader } = database;
  return { store, steps, reader };
}

/** The gross of a window, as it is now. */
export async function grossIn({ windowReader }: Database, windowId: number): Promise<readonly GrossItem[]> {
  return (await sumWindow(windowReader, windowId, {})).gross;
}

/** What a window without bills comes to. */
export const NOTHING: WindowSums = {
  settlements: 0,
  gross: [],
  statements: [],
  institutions: [],
  balances: [],
  firstAtMs: undefined,
  lastAtMs: undefined,
};

/** Takes a closed window through all its steps with results of the test's own. */
export async function issueWindow(
  { clearingSteps: steps }: Database,
  windowId: number,
  sums: Partial<WindowSums>,
  nets: readonly NetPosition[],
  notices: readonly OutboxMessage[],
  atMs: number,
): Promise<void> {
  await steps.reconcile(windowId, { ...NOTHING, ...sums }, atMs);
  await steps.net(windowId, nets);
  await steps.issue(windowId, notices, atMs);
}
