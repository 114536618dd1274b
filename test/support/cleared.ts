import { hash } from 'node:crypto';
import { expect } from 'vitest';
import { takeTrialBalance } from '../../src/app/ledger/trial-balance.ts';
import type { Adjustment } from '../../src/core/lifecycle/adjustments.ts';
import { hasReached } from '../../src/core/lifecycle/window-states.ts';
import type { NetPosition, PairStatement, StatementItem } from '../../src/app/clearing/ports.ts';
import type { SettlementRow, StoredSettlement } from '../../src/app/ports.ts';
import type { Database } from '../../src/db/open-database.ts';

/** A statement's item hash, written out again from what the page of the statement says of it. */
function hashOf(item: StatementItem): string {
  const yuan = (amount: number): string => {
    const digits = String(Math.abs(amount)).padStart(3, '0');
    return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  };
  const { settlementId, institutionId, billNumber, scheme, benefit, reverses = '', total, fundTotal, account } = item;
  const amounts = [total, fundTotal, account, fundTotal + account].map(yuan);
  return hash('sha256', [settlementId, institutionId, billNumber, scheme, benefit, reverses, ...amounts].join('|'));
}

async function itemsOf(
  { clearingStore }: Database,
  windowId: number,
  homeRegion: string,
  treatmentRegion: string,
): Promise<StatementItem[]> {
  const items: StatementItem[] = [];
  for (let after: string | undefined = ''; after !== undefined;) {
    const page: readonly StatementItem[] = await clearingStore.items(
      windowId,
      homeRegion,
      treatmentRegion,
      after,
      1000,
    );
    items.push(...page);
    after = page.at(-1)?.settlementId;
  }
  return items;
}

/** A statement says what its items and its lines from earlier windows say, to the fen and to the hash. */
async function expectStatement(
  database: Database,
  statement: PairStatement,
  adjustments: readonly Adjustment[],
): Promise<StatementItem[]> {
  const { windowId, homeRegion, treatmentRegion } = statement;
  const lines = adjustments.filter((line) => pairOf(line) === pairOf(statement));
  const items = await itemsOf(database, windowId, homeRegion, treatmentRegion);
  const found = {
    settlements: items.length,
    owed: items.reduce((sum, { owed }) => sum + owed, 0) + sumOfLines(lines),
    itemsHash: hash('sha256', items.map(hashOf).join('')),
  };
  expect(found, statement.statementId).toEqual({
    settlements: statement.settlements,
    owed: statement.owed,
    itemsHash: statement.itemsHash,
  });
  return items;
}

/** Positions come out of statements, and of nothing else. */
function expectNets(nets: readonly NetPosition[], statements: readonly PairStatement[]): void {
  expect(nets.reduce((sum, { net }) => sum + net, 0)).toBe(0);
  for (const { region, receivable, payable, net } of nets) {
    const sumOf = (own: readonly PairStatement[]): number => own.reduce((sum, { owed }) => sum + owed, 0);
    expect({ region, receivable, payable, net }).toEqual({
      region,
      receivable: sumOf(statements.filter(({ treatmentRegion }) => treatmentRegion === region)),
      payable: sumOf(statements.filter(({ homeRegion }) => homeRegion === region)),
      net: receivable - payable,
    });
  }
}

/**
 * Holds everything that was cleared against everything that was answered: each bill in one window and one statement, every
 * net out of its items, and the books at 0.
 */
export async function expectCleared(
  database: Database,
  answered: ReadonlyMap<string, StoredSettlement>,
): Promise<{ windows: number; settlements: number; late: number }> {
  const windows = (await database.clearingStore.windows(1000)).filter(({ state }) => state !== 'open').reverse();
  const rows = Array.from(answered.values(), ({ row }) => row);
  const byWindow = Map.groupBy(rows, ({ windowId }) => windowId);
  const { settlements, reversals } = await database.settlementQueries.totals();
  expect(settlements + reversals).toBe(answered.size);

  let counted = 0;
  let late = 0;
  const adjusted: Adjustment[] = [];
  for (const { windowId, state } of windows) {
    expect(hasReached(state, 'issued'), `window ${windowId} is ${state}`).toBe(true);
    const own = byWindow.get(windowId) ?? [];
    expect(await database.windowReader.count(windowId), `window ${windowId}`).toBe(own.length);
    counted += own.length;
    const statements = await database.clearingStore.statements(windowId);
    const adjustments = await database.clearingStore.adjustments(windowId);
    adjusted.push(...adjustments);
    const stated = [];
    for (const statement of statements) {
      stated.push(...(await expectStatement(database, statement, adjustments)));
    }
    expect(stated.map(({ settlementId }) => settlementId).sort()).toEqual(
      ofGroupsThatOwe(own.filter(crossesCounties), pairOf, adjustments)
        .map(({ settlementId }) => settlementId)
        .sort(),
    );
    expectNets(await database.clearingStore.netPositions(windowId), statements);
    const institutions = await database.clearingStore.institutionStatements(windowId);
    const owing = ofGroupsThatOwe(own, ({ institutionId }) => institutionId, adjustments);
    expect(institutions.reduce((sum, one) => sum + one.settlements, 0)).toBe(owing.length);
    const owed = own.reduce((sum, { fundTotal, account }) => sum + fundTotal + account, sumOfLines(adjustments));
    expect(institutions.reduce((sum, one) => sum + one.owed, 0)).toBe(owed);
    late += own.filter(({ reverses }) => answered.get(reverses ?? '')?.row.windowId !== windowId && reverses).length;
  }
  const open = await database.clearingStore.openWindow();
  expect(counted + (byWindow.get(open.windowId)?.length ?? 0)).toBe(answered.size);
  expectLinks(rows, answered);
  adjusted.push(...(await database.clearingStore.adjustments(open.windowId)));
  await expectBooks(database, rows, adjusted);
  return { windows: windows.length, settlements: counted, late };
}

type Named = Pick<Adjustment, 'homeRegion' | 'treatmentRegion' | 'institutionId'>;

function pairOf({ homeRegion, treatmentRegion }: Omit<Named, 'institutionId'>): string {
  return homeRegion + treatmentRegion;
}

function sumOfLines(lines: readonly Adjustment[]): number {
  return lines.reduce((sum, { amount }) => sum + amount, 0);
}

/** Bills of groups in which anything is owed: where all was paid in cash, there is no statement. */
function ofGroupsThatOwe(
  rows: readonly SettlementRow[],
  nameOf: (row: Named) => string,
  adjustments: readonly Adjustment[],
): SettlementRow[] {
  const owing = rows.filter(({ fundTotal, account }) => fundTotal !== 0 || account !== 0);
  const names = new Set([...owing, ...adjustments].map(nameOf));
  return rows.filter((row) => names.has(nameOf(row)));
}

function crossesCounties({ homeRegion, treatmentRegion }: SettlementRow): boolean {
  return homeRegion !== treatmentRegion;
}

/** A reversal lies in the window of its bill or in a later one, and says which bill it undoes. */
function expectLinks(rows: readonly SettlementRow[], answered: ReadonlyMap<string, StoredSettlement>): void {
  for (const { reverses, windowId, total } of rows) {
    if (reverses === undefined) continue;
    const original = answered.get(reverses)?.row;
    expect(original?.total).toBe(-total);
    expect(windowId).toBeGreaterThanOrEqual(original!.windowId);
  }
}

async function expectBooks(
  database: Database,
  rows: readonly SettlementRow[],
  adjustments: readonly Adjustment[],
): Promise<void> {
  expect(await database.settlementQueries.unbalanced()).toEqual([]);
  const { accounts, books } = await takeTrialBalance(database.ledgerQueries, undefined, undefined);
  for (const { book, debit, credit } of books) expect([book, debit + credit]).toEqual([book, 0]);
  const moved = sumOfLines(adjustments.filter(({ kind }) => kind !== 'carried'));
  const owed = rows.reduce((sum, { fundTotal, account }) => sum + fundTotal + account, moved);
  const payable = accounts.filter(({ account }) => account === 'payable');
  expect(payable.reduce((sum, { amount }) => sum - amount, 0)).toBe(owed);
}
