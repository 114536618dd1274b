import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { ClearingStore, ClearingWindow, NetPosition } from '../app/clearing/ports.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadRules } from '../config/load-rules.ts';
import { isDate } from '../core/calendar.ts';
import { transfersFor } from '../core/clearing/netting.ts';
import { formatFen } from '../core/money/text.ts';
import { openDatabase, type Database } from '../db/open-database.ts';
import { clearNow } from '../jobs/clearing-job.ts';
import { systemClock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { createIdSource } from '../platform/ids.ts';
import { groupThousands, renderTable } from './terminal-table.ts';

interface ClearOptions {
  readonly date: string;
  readonly json?: true;
}

interface Cleared {
  readonly window: ClearingWindow;
  readonly positions: readonly NetPosition[];
}

export function parseDate(text: string): string {
  if (!isDate(text)) throw new InvalidArgumentError('it is not a day such as 2026-11-24.');
  return text;
}

async function positionsOf(store: ClearingStore, windows: readonly ClearingWindow[]): Promise<Cleared[]> {
  const cleared: Cleared[] = [];
  for (const window of windows) {
    cleared.push({ window, positions: await store.netPositions(window.windowId) });
  }
  return cleared;
}

async function clearIn(database: Database, regions: readonly string[], businessDate: string): Promise<Cleared[]> {
  const { clearingStore: store, clearingSteps: steps, windowReader: reader, leaseStore: leases } = database;
  const clock = systemClock;
  const silent = { info: () => undefined, warn: () => undefined };
  const runner = { leases, runs: database.jobRunStore, clock, newId: createIdSource(() => clock.now()), log: silent };
  return positionsOf(store, await clearNow(runner, { store, steps, reader, regions, clock }, businessDate));
}

function toJson(cleared: readonly Cleared[]): string {
  const windows = cleared.map(({ window: { windowId, businessDate, state }, positions }) => ({
    windowId,
    businessDate,
    state,
    positions: positions.map(({ region, receivable, payable, net }) => {
      return { region, receivable: formatFen(receivable), payable: formatFen(payable), net: formatFen(net) };
    }),
    transfers: transfersFor(positions).map((transfer) => ({ ...transfer, amount: formatFen(transfer.amount) })),
  }));
  return JSON.stringify({ cleared: windows }, undefined, 2);
}

function toTable(cleared: readonly Cleared[]): string {
  const money = (amount: number): string => groupThousands(formatFen(amount));
  const rows = cleared.flatMap(({ window: { windowId, businessDate }, positions }) =>
    positions.map(({ region, receivable, payable, net }) => {
      return [String(windowId), businessDate, region, money(receivable), money(payable), money(net)];
    }),
  );
  const columns = ['window', 'day', 'county', 'receives', 'owes', 'net'].map((title, at) => {
    return { title, align: at === 1 || at === 2 ? ('left' as const) : ('right' as const) };
  });
  return renderTable(columns, rows).join('\n');
}

async function clear({ date, json }: ClearOptions): Promise<void> {
  const { databaseUrl, dataDir, configDir } = readEnvironment();
  const rules = loadRules(configDir);
  if (!rules.ok) {
    throw new AppError('BAD_RULES', 'the rules are refused', { status: 500, help: 'see tongjie policy check' });
  }
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    const codes = rules.regions.map(({ code }) => code);
    const cleared = await clearIn(database, codes, date);
    if (json) console.log(toJson(cleared));
    else console.log(cleared.length === 0 ? 'nothing to clear: it is done up to that day' : toTable(cleared));
  } finally {
    await database.close();
  }
}

/** `clear`: what the night does, now, up to a day that is named. */
export function addClearCommand(program: Command): void {
  program
    .command('clear')
    .description('clear every business day up to a date: windows, statements, net positions, notices')
    .requiredOption('--date <YYYY-MM-DD>', 'last business day to clear, today at most', parseDate)
    .option('--json', 'print windows, positions and transfers as JSON')
    .action(clear);
}
