import { numberFrom, type BenchStore } from './bench-store.ts';

const count = (condition: string): string => `CASE WHEN ${condition} THEN 1 ELSE 0 END`;

/**
 * Legs that a settlement's postings must have: one for each fund that pays and for the account, one to the institution,
 * and the pair between counties where there are two.
 */
const LEGS = `SUM(${[
  'pool_fen',
  'large_cost_fen',
  'serious_illness_fen',
  'civil_servant_fen',
  'medical_aid_fen',
  'account_fen',
]
  .map((column) => count(`${column} <> 0`))
  .join(
    ' + ',
  )} + CASE WHEN fund_total_fen + account_fen = 0 THEN 0 WHEN home_region <> treatment_region THEN 3 ELSE 1 END)`;

/** What a database says of the settlements in it. */
export interface SettledCounts {
  readonly settlements: number;
  readonly documents: number;
  readonly messages: number;
  readonly postings: number;
  /** Postings that the settlements ask for. */
  readonly legs: number;
  /** Σ of all postings; 0. */
  readonly sum: number;
  readonly unbalanced: number;
  /** Writes of accumulators. */
  readonly raises: number;
}

/** Counts what was written, in the database of a query's prefix (`name.`) or in the store's own. */
export async function countSettled(store: BenchStore, prefix = ''): Promise<SettledCounts> {
  const of = (what: string, table: string): Promise<number> =>
    numberFrom(store, `SELECT ${what} FROM ${prefix}${table}`);
  return {
    settlements: await of('COUNT(*)', 'settlement'),
    documents: await of('COUNT(*)', 'settlement_document'),
    messages: await of('COUNT(*)', 'outbox'),
    postings: await of('COUNT(*)', 'posting'),
    legs: await of(LEGS, 'settlement'),
    sum: await of('SUM(amount_fen)', 'posting'),
    unbalanced: await numberFrom(
      store,
      `SELECT COUNT(*) FROM (SELECT 1 FROM ${prefix}posting GROUP BY entry_id HAVING SUM(amount_fen) <> 0) u`,
    ),
    raises: await of('SUM(raises)', 'accumulator'),
  };
}

/**
 * Settled = answered = documents = messages; postings are the legs and add up to nothing.
 *
 * @returns the counts in words
 * @throws Error naming all counts when they do not agree
 */
export function checkCounts(whose: string, answered: number, counts: SettledCounts): string {
  const { settlements, documents, messages, postings, legs, sum, unbalanced, raises } = counts;
  const text =
    `${whose}: answered ${answered} = settlements ${settlements} = documents ${documents} = messages ${messages}; ` +
    `postings ${postings} = legs ${legs}; Σ postings ${sum}, unbalanced ${unbalanced}; accumulator raises ${raises}`;
  const areSettled = [settlements, documents, messages].every((number) => number === answered);
  if (!areSettled || postings !== legs || sum !== 0 || unbalanced !== 0) {
    throw new Error(`the run is not valid: ${text}`);
  }
  return text;
}
