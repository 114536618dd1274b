import { createHash } from 'node:crypto';
import { formatFen } from '../../core/money/text.ts';
import type { CalendarStore, Pair, Period, PeriodSums, StatementLife } from './ports.ts';

/** A pair's name, for looking it up. */
export function pairKey({ homeRegion, treatmentRegion }: Pair): string {
  return `${homeRegion}-${treatmentRegion}`;
}

/**
 * Hash of a pair's statements of a period: SHA-256 over one line each, in the order of their windows, with statement, hash of
 * its items and what is owed, `|` between them. None of these changes, so that it can be worked out at any time.
 */
export function periodHash(statements: readonly StatementLife[]): string {
  const hash = createHash('sha256');
  for (const { statementId, itemsHash, owed } of statements) {
    hash.update(`${statementId}|${itemsHash}|${formatFen(owed)}\n`);
  }
  return hash.digest('hex');
}

/** A pair's sums with the statements that they are of. */
export interface SummedPair {
  readonly sums: PeriodSums;
  readonly statements: readonly StatementLife[];
}

/**
 * Sums the statements of a period by pair: what they say, what of it came from earlier windows, and what is disputed now.
 *
 * @shape period → one a pair with a statement, sorted
 * @units fen
 */
export async function sumPeriod(
  { statementsIn, adjustmentsIn }: Pick<CalendarStore, 'statementsIn' | 'adjustmentsIn'>,
  period: Period,
  madeAtMs: number,
): Promise<readonly SummedPair[]> {
  const [statements, adjustments] = await Promise.all([statementsIn(period), adjustmentsIn(period)]);
  const adjusted = new Map(adjustments.map((sums) => [pairKey(sums), sums]));
  return Array.from(Map.groupBy(statements, pairKey), ([key, own]) => {
    const add = (amount: (statement: StatementLife) => number): number =>
      own.reduce((sum, statement) => sum + amount(statement), 0);
    const [homeRegion = '', treatmentRegion = ''] = key.split('-');
    const { carried = 0, deducted = 0 } = adjusted.get(key) ?? {};
    const sums: PeriodSums = {
      homeRegion,
      treatmentRegion,
      statements: own.length,
      settlements: add(({ settlements }) => settlements),
      owed: add(({ owed }) => owed),
      carried,
      deducted,
      disputed: add(({ disputed }) => disputed),
      statementsHash: periodHash(own),
      madeAtMs,
    };
    return { sums, statements: own };
  });
}
