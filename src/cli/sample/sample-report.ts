import type { ClearingStore, NetPosition, PairStatement } from '../../app/clearing/ports.ts';
import type { County, SettlementTotals } from '../../app/ports.ts';
import { formatFen } from '../../core/money/text.ts';
import type { DayOutcome } from '../../simulators/run-sample-day.ts';
import type { LoadedSample } from './sample-load.ts';
import { groupThousands, renderTable, type Column } from '../terminal-table.ts';

/** What the terminal shows of the sample day; amounts are fen. */
export interface SampleFigures {
  readonly totals: SettlementTotals;
  readonly statements: readonly PairStatement[];
  readonly positions: readonly NetPosition[];
}

/** Reads the figures, always from the database. */
export async function readFigures(
  {
    settlementQueries,
    clearingStore,
  }: {
    readonly settlementQueries: { totals(): Promise<SettlementTotals> };
    readonly clearingStore: Pick<ClearingStore, 'statements' | 'netPositions'>;
  },
  windowId: number,
): Promise<SampleFigures> {
  return {
    totals: await settlementQueries.totals(),
    statements: await clearingStore.statements(windowId),
    positions: await clearingStore.netPositions(windowId),
  };
}

function left(title: string): Column {
  return { title, align: 'left' };
}

function right(title: string): Column {
  return { title, align: 'right' };
}

function money(amount: number): string {
  return groupThousands(formatFen(amount));
}

function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** What posting came to, in a sentence; nothing that did not happen is named. */
export function outcomeWords(outcome: DayOutcome): string {
  const { settled, alreadyThere, reversed, repeats, conflicts, refused } = outcome;
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
  const codes = Object.entries(refused).map(([code, count]) => `${count} ${code}`);
  const parts: [number, string][] = [
    [settled, `${counted(settled, 'bill')} settled`],
    [alreadyThere, `${alreadyThere} found from the start before`],
    [reversed, counted(reversed, 'reversal')],
    [repeats, `${counted(repeats, 'repeat')} answered as before`],
    [conflicts, `${counted(conflicts, 'conflicting repeat')} refused`],
    [refusals, `${counted(refusals, 'lawful refusal')} (${codes.join(', ')})`],
  ];
  return parts.flatMap(([count, words]) => (count === 0 ? [] : [words])).join(' · ');
}

function totalsTable({ settlements, reversals, total, fundTotal, account, cash }: SettlementTotals): string[] {
  return renderTable(
    [
      right('账单 bills'),
      right('冲销 reversals'),
      right('总费用 total'),
      right('基金 funds'),
      right('账户 accounts'),
      right('现金 cash'),
    ],
    [[String(settlements), String(reversals), ...[total, fundTotal, account, cash].map(money)]],
  );
}

/** Lines for the terminal: sums, what county owes what county, net positions. */
export function reportLines(
  { day, windowId, outcome }: LoadedSample,
  { totals, statements, positions }: SampleFigures,
  counties: readonly County[],
): string[] {
  const nameOf = (code: string): string => {
    const county = counties.find((one) => one.code === code);
    return county === undefined ? code : `${county.name} ${county.nameEn}`;
  };
  return [
    `样本日 Sample day ${day}${outcome === undefined ? ', loaded before' : ''}`,
    ...(outcome === undefined ? [] : [`  ${outcomeWords(outcome)}`]),
    ...(outcome?.surprises ?? []).map((surprise) => `  unexpected: ${surprise}`),
    '',
    ...totalsTable(totals),
    '',
    `清算 Clearing, window ${windowId}`,
    ...renderTable(
      [left('参保地 insured in'), left('就医地 treated in'), right('账单 bills'), right('应付 owes')],
      statements.map(({ homeRegion, treatmentRegion, settlements, owed }) => {
        return [nameOf(homeRegion), nameOf(treatmentRegion), String(settlements), money(owed)];
      }),
    ),
    '',
    ...renderTable(
      [left('县区 county'), right('应收 receives'), right('应付 owes'), right('轧差 net')],
      positions.map(({ region, receivable, payable, net }) => {
        return [nameOf(region), money(receivable), money(payable), money(net)];
      }),
    ),
  ];
}
