import type { Knex } from 'knex';
import { expect } from 'vitest';
import { takeTrialBalance } from '../../src/app/ledger/trial-balance.ts';
import { FUND_COLUMNS } from '../../src/db/settlement/settlement-rows.ts';
import type { Database } from '../../src/db/open-database.ts';
import { rowsOf } from '../../src/db/engine/raw-rows.ts';

type Row = Readonly<Record<string, string | number | null>>;

/** Windows that have their gross and statements; nets come with the step after it. */
const STATED = "(SELECT window_id FROM clearing_window WHERE state NOT IN ('open', 'closed'))";
const ISSUED = "(SELECT window_id FROM clearing_window WHERE state NOT IN ('open', 'closed', 'reconciled'))";
const KEY = 'window_id, home_region, treatment_region, institution_id, scheme';

/** What each bill and each line from earlier windows adds to the gross, layer by layer. */
const ADDED = [
  ...Object.entries({ ...FUND_COLUMNS, account: 'account_fen' }).map(
    ([layer, column]) => `SELECT ${KEY}, '${layer}' AS layer, ${column} AS fen FROM settlement WHERE ${column} <> 0`,
  ),
  `SELECT ${KEY}, layer, amount_fen AS fen FROM clearing_adjustment`,
].join(' UNION ALL ');
const GROSS = `SELECT ${KEY}, layer, SUM(fen) AS fen FROM (${ADDED}) a WHERE window_id IN ${STATED} GROUP BY ${KEY}, layer`;
const KEPT_GROSS = `SELECT ${KEY}, layer, amount_fen AS fen FROM clearing_gross`;

const PAIRS = `SELECT window_id, home_region, treatment_region, SUM(fen) AS fen FROM (${GROSS}) g
  WHERE home_region <> treatment_region AND window_id IN ${ISSUED} GROUP BY window_id, home_region, treatment_region`;
const NETS = `SELECT window_id, region, SUM(fen) AS fen FROM (
    SELECT window_id, home_region AS region, -fen AS fen FROM (${PAIRS}) h
    UNION ALL SELECT window_id, treatment_region, fen FROM (${PAIRS}) t) n GROUP BY window_id, region`;
const KEPT_NETS = `SELECT window_id, region, net_fen AS fen FROM clearing_net WHERE window_id IN ${ISSUED}`;

const WHO = "CASE WHEN p.account = 'personal' THEN '' ELSE p.party END";
/** The ledger without anything that windows keep of it. */
const LEDGER = (upTo: string): string => `SELECT p.book, p.account, ${WHO} AS who, SUM(p.amount_fen) AS fen
  FROM posting p LEFT JOIN settlement s ON s.settlement_id = p.entry_id LEFT JOIN journal_entry j ON j.entry_id = p.entry_id
  WHERE COALESCE(s.settled_at_ms, j.entered_at_ms) <= ${upTo} GROUP BY p.book, p.account, ${WHO}`;

/** By name, without those that come to nothing. */
function sumsOf(rows: readonly Row[]): Map<string, number> {
  const named = rows.map(({ fen, ...names }): [string, number] => [Object.values(names).join(' '), Number(fen)]);
  return new Map(named.filter(([, fen]) => fen !== 0).sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** What is due between two counties: everything settled that is not deducted and not in a payment run. */
const DUE = `SELECT book, party, SUM(fen) AS fen FROM (
    SELECT home_region AS book, treatment_region AS party, -(fund_total_fen + account_fen) AS fen FROM settlement
      WHERE home_region <> treatment_region
    UNION ALL SELECT home_region, treatment_region, -amount_fen FROM clearing_adjustment
      WHERE kind <> 'carried' AND home_region <> treatment_region
    UNION ALL SELECT home_region, treatment_region, owed_fen - disputed_fen FROM clearing_statement
      WHERE state IN ('instructed', 'paid')
    UNION ALL SELECT payer, payee, -amount_fen FROM payment WHERE state <> 'paid') d GROUP BY book, party`;
const BOOKED_DUE =
  "SELECT book, party, SUM(amount_fen) AS fen FROM posting WHERE account = 'dueTo' GROUP BY book, party";
const BOOKED_CLAIMS =
  "SELECT party, book, -SUM(amount_fen) AS fen FROM posting WHERE account = 'dueFrom' GROUP BY party, book";

/**
 * Σ settled + corrections = Σ payable + disputes open + deductions, and what waits in windows that are not reconciled.
 * The first is by pair what came in, the second where it is.
 */
const CAME_IN = `SELECT home_region, treatment_region, SUM(fen) AS fen FROM (
    SELECT home_region, treatment_region, fund_total_fen + account_fen AS fen FROM settlement
    UNION ALL SELECT home_region, treatment_region, amount_fen FROM clearing_adjustment WHERE kind = 'correction') i
  WHERE home_region <> treatment_region GROUP BY home_region, treatment_region`;
const IS_THERE = `SELECT home_region, treatment_region, SUM(fen) AS fen FROM (
    SELECT home_region, treatment_region, owed_fen - disputed_fen AS fen FROM clearing_statement
    UNION ALL SELECT home_region, treatment_region, objected_fen FROM objection WHERE held = 1 AND state <> 'decided'
    UNION ALL SELECT home_region, treatment_region, deducted_fen FROM objection WHERE undone_at_ms IS NULL
    UNION ALL SELECT home_region, treatment_region, amount_fen FROM clearing_adjustment WHERE window_id NOT IN ${STATED}
    UNION ALL SELECT home_region, treatment_region, fund_total_fen + account_fen FROM settlement
      WHERE window_id NOT IN ${STATED}) i
  WHERE home_region <> treatment_region GROUP BY home_region, treatment_region`;

/** What must have no row. */
const NEVER = {
  'an entry that does not come to 0 in a book':
    'SELECT entry_id, book FROM posting GROUP BY entry_id, book HAVING SUM(amount_fen) <> 0',
  'a posting of no entry, or in another window than its entry': `SELECT p.entry_id FROM posting p
    LEFT JOIN settlement s ON s.settlement_id = p.entry_id AND s.window_id = p.window_id
    LEFT JOIN journal_entry j ON j.entry_id = p.entry_id AND j.window_id = p.window_id
    WHERE s.settlement_id IS NULL AND j.entry_id IS NULL`,
  'a bill in no window': `SELECT s.settlement_id FROM settlement s
    LEFT JOIN clearing_window w ON w.window_id = s.window_id WHERE w.window_id IS NULL`,
  'a bill that is reversed twice':
    'SELECT reverses FROM settlement WHERE reverses IS NOT NULL GROUP BY reverses HAVING COUNT(*) > 1',
  'a bill that a file and an objection both took from': `SELECT d.corrects FROM reconciliation_difference d
    JOIN objection o ON o.settlement_id = d.corrects WHERE d.adjust_by_fen <> 0 AND o.deducted_fen > 0
      AND o.objected_fen = (SELECT fund_total_fen FROM settlement s WHERE s.settlement_id = d.corrects)`,
  'a prefund that is not what was paid': `SELECT p.home_region FROM prefund p WHERE p.balance_fen <> (
    SELECT COALESCE(SUM(b.amount_fen), 0) FROM posting b
    WHERE b.book = p.home_region AND b.account = 'prefundPaid' AND b.party = p.treatment_region)`,
} as const;

/**
 * Holds all that the engine keeps against what its bills, adjustments and postings come to when they are added up anew:
 * gross, nets, dues, disputes, and the trial balance now and at an earlier instant.
 */
export async function expectSquare(database: Database, knex: Knex, instants: readonly number[]): Promise<void> {
  const read = (sql: string): Promise<readonly Row[]> => rowsOf<Row>(knex, sql);
  for (const [what, sql] of Object.entries(NEVER)) expect(await read(sql), what).toEqual([]);
  const pairs = [
    ['gross', KEPT_GROSS, GROSS],
    ['nets', KEPT_NETS, NETS],
    ['dues', BOOKED_DUE, DUE],
    ['claims', BOOKED_CLAIMS, BOOKED_DUE],
    ['settled = payable + disputes + deductions', IS_THERE, CAME_IN],
  ] as const;
  for (const [what, kept, anew] of pairs) expect(sumsOf(await read(kept)), what).toEqual(sumsOf(await read(anew)));
  for (const atMs of [undefined, ...instants]) {
    const { accounts } = await takeTrialBalance(database.ledgerQueries, atMs, undefined);
    const kept = accounts.map(({ book, account, party, amount }) => ({ book, account, who: party, fen: amount }));
    const anew = await read(LEDGER(atMs === undefined ? 'COALESCE(s.settled_at_ms, j.entered_at_ms)' : String(atMs)));
    expect(sumsOf(kept), `trial balance at ${atMs ?? 'the end'}`).toEqual(sumsOf(anew));
  }
}

/** What is still due between any two counties, or to be paid. */
export async function dueIn(knex: Knex): Promise<Map<string, number>> {
  return sumsOf(await rowsOf<Row>(knex, BOOKED_DUE));
}
