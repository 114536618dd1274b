import type { Knex } from 'knex';
import type { WindowItem, WindowPart, WindowReader } from '../app/clearing/ports.ts';
import type { AccountSum } from '../core/clearing/agreement.ts';
import type { LedgerAccount } from '../core/ledger/postings.ts';
import { grossItemsOf, LAYER_COLUMNS, statementItemOf } from './clearing-rows.ts';
import { ourError } from './driver-errors.ts';
import { exactInteger } from './exact-integer.ts';
import { rowsOf } from './raw-rows.ts';
import type { Row } from './settlement-rows.ts';
import { readAdjustments } from './adjustments.ts';
import { boundsOf } from './window-bounds.ts';

/** Few enough that rows are gone before they are moved to where old objects are kept. */
const ITEMS_PER_PAGE = 4000;
/** Many enough that groups are fewer than rows. */
const ITEMS_PER_PART = 40_000;

/** Settlements of one window between two ids, the first not included; in the order in which they lie on the disk. */
const SETTLEMENTS = 'settlement_id > ? AND settlement_id <= ? AND window_id = ?';
const ENTRIES = 'entry_id > ? AND entry_id <= ? AND window_id = ?';

const ITEMS = (table: string): string => `SELECT settlement_id, institution_id, bill_key, scheme, benefit, reverses,
  home_region, treatment_region, total_fen, fund_total_fen, account_fen
  FROM ${table} WHERE ${SETTLEMENTS} ORDER BY settlement_id LIMIT ?`;

const GROSS_KEY = 'home_region, treatment_region, institution_id, scheme';
// Counting is done in integers, SUM in decimals.
const LAYER_SUMS = Object.entries(LAYER_COLUMNS)
  .map(([layer, column]) => `SUM(${column}) AS ${layer}_fen, COUNT(NULLIF(${column}, 0)) AS ${layer}_settlements`)
  .join(', ');

/**
 * A mark weighs each amount with a number of its own entry, modulo a prime: where the marks of two sums are the same, each
 * entry has the same amount in both, but for one chance in two thousand million. It costs a tenth of looking at every
 * entry by itself, which is done only where marks differ. Both factors together stay below 2^63.
 */
const MARK_MODULUS = 2_147_483_647n;
const markOf = (id: string, amount: string): string =>
  `SUM(CAST(CRC32(${id}) AS SIGNED) * ((${amount}) % ${MARK_MODULUS})) AS mark`;

const grossQuery = (
  table: string,
  mark: string,
): string => `SELECT ${GROSS_KEY}, COUNT(*) AS settlements, ${LAYER_SUMS},
  MIN(settled_at_ms) AS first_at_ms, MAX(settled_at_ms) AS last_at_ms${mark}
  FROM ${table} WHERE ${SETTLEMENTS} GROUP BY ${GROSS_KEY}`;

const PARTY = "CASE WHEN account = 'personal' THEN '' ELSE party END";
const bookedQuery = (
  mark: string,
): string => `SELECT book, account, ${PARTY} AS who, SUM(amount_fen) AS amount_fen${mark}
  FROM posting WHERE ${ENTRIES} GROUP BY book, account, ${PARTY}`;

/** Entries that are no settlement's. Their postings are of this window and may lie anywhere. */
const JOURNAL = `SELECT p.book, p.account, CASE WHEN p.account = 'personal' THEN '' ELSE p.party END AS who,
  SUM(p.amount_fen) AS amount_fen
  FROM journal_entry j JOIN posting p ON p.entry_id = j.entry_id AND p.window_id = j.window_id WHERE j.window_id = ?`;
const JOURNAL_GROUP = "GROUP BY p.book, p.account, CASE WHEN p.account = 'personal' THEN '' ELSE p.party END";
const JOURNAL_UNBALANCED = `SELECT j.entry_id AS id FROM journal_entry j
  LEFT JOIN posting p ON p.entry_id = j.entry_id AND p.window_id = j.window_id
  WHERE j.window_id = ? GROUP BY j.entry_id, p.book HAVING COALESCE(SUM(p.amount_fen), 1) <> 0`;

const UNBALANCED = `SELECT entry_id AS id FROM posting WHERE ${ENTRIES} GROUP BY entry_id, book HAVING SUM(amount_fen) <> 0`;
const MISOWED = `SELECT s.settlement_id AS id FROM settlement s
  LEFT JOIN posting p ON p.entry_id = s.settlement_id AND p.window_id = s.window_id AND p.account = 'payable'
  WHERE s.settlement_id > ? AND s.settlement_id <= ? AND s.window_id = ?
  GROUP BY s.settlement_id, s.fund_total_fen, s.account_fen
  HAVING COALESCE(SUM(p.amount_fen), 0) + s.fund_total_fen + s.account_fen <> 0`;
const UNDOCUMENTED = `SELECT s.settlement_id AS id FROM settlement s
  LEFT JOIN settlement_document d ON d.settlement_id = s.settlement_id
  WHERE s.settlement_id > ? AND s.settlement_id <= ? AND s.window_id = ? AND d.settlement_id IS NULL`;

function accountSumOf(record: Row): AccountSum {
  return {
    book: record.book as string,
    account: record.account as LedgerAccount,
    party: record.who as string,
    amount: exactInteger(record.amount_fen),
  };
}

function windowItemOf(record: Row): WindowItem {
  const item = statementItemOf(record) as WindowItem & { homeRegion: string; treatmentRegion: string };
  item.homeRegion = record.home_region as string;
  item.treatmentRegion = record.treatment_region as string;
  return item;
}

/** What a database without CRC32 needs is asked exactly and always; it is small. */
interface Dialect {
  readonly isMysql: boolean;
  readonly items: string;
  readonly gross: string;
  readonly booked: string;
}

function dialectOf(knex: Knex): Dialect {
  const isMysql = (knex.client as { dialect: string }).dialect === 'mysql';
  // Left to itself the server may take the index of windows and look every row up by it.
  const table = isMysql ? 'settlement FORCE INDEX (PRIMARY)' : 'settlement';
  const mark = (id: string, amount: string): string => (isMysql ? `, ${markOf(id, amount)}` : '');
  return {
    isMysql,
    items: ITEMS(table),
    gross: grossQuery(table, mark('settlement_id', 'fund_total_fen + account_fen')),
    booked: bookedQuery(mark('entry_id', 'amount_fen')),
  };
}

function addMarks(rows: readonly Row[]): bigint {
  return rows.reduce((sum, { mark }) => sum + BigInt(mark as string), 0n) % MARK_MODULUS;
}

/** Whether every settlement's postings come to 0 in each book, and to what the settlement says in the payable. */
function marksAgree(gross: readonly Row[], booked: readonly Row[]): boolean {
  const books = Object.values(Object.groupBy(booked, ({ book }) => book as string));
  if (books.some((rows) => addMarks(rows ?? []) !== 0n)) return false;
  const payable = booked.filter(({ account }) => account === 'payable');
  return (addMarks(gross) + addMarks(payable)) % MARK_MODULUS === 0n;
}

/** Reads windows on either engine; on MariaDB over several connections at once. */
export function createWindowReader(knex: Knex): WindowReader {
  const dialect = dialectOf(knex);
  const rows = async (sql: string, values: readonly (string | number)[]): Promise<readonly Row[]> => {
    try {
      return await rowsOf<Row>(knex, sql, values);
    } catch (error) {
      throw ourError(error);
    }
  };
  const ids = async (sql: string, values: readonly (string | number)[]): Promise<string[]> =>
    (await rows(sql, values)).map(({ id }) => id as string);

  async function misbookedIn(
    range: readonly [string, string, number],
    gross: readonly Row[],
    booked: readonly Row[],
  ): Promise<readonly string[]> {
    if (dialect.isMysql && marksAgree(gross, booked)) return [];
    const [unbalanced, misowed] = [await ids(UNBALANCED, range), await ids(MISOWED, range)];
    return [...new Set([...unbalanced, ...misowed])];
  }

  async function undocumentedIn(range: readonly [string, string, number], settlements: number): Promise<string[]> {
    const [from, to] = range;
    const [documents] = await rows(
      'SELECT COUNT(*) AS n FROM settlement_document WHERE settlement_id > ? AND settlement_id <= ?',
      [from, to],
    );
    // More are of other windows, between the ids of this one.
    return exactInteger(documents?.n) === settlements ? [] : ids(UNDOCUMENTED, range);
  }

  async function partOf(range: readonly [string, string, number], items: number): Promise<WindowPart> {
    const [gross, booked, undocumented] = await Promise.all([
      rows(dialect.gross, range),
      rows(dialect.booked, range),
      undocumentedIn(range, items),
    ]);
    const journal = await rows(`${JOURNAL} AND j.entry_id > ? AND j.entry_id <= ? ${JOURNAL_GROUP}`, [
      range[2],
      range[0],
      range[1],
    ]);
    // What the journal entered between these settlements is not theirs.
    const others = journal.map(accountSumOf).map((sum) => ({ ...sum, amount: -sum.amount }));
    return {
      gross: gross.flatMap(grossItemsOf),
      settlements: gross.reduce((sum, { settlements }) => sum + exactInteger(settlements), 0),
      booked: [...booked.map(accountSumOf), ...others],
      misbooked: await misbookedIn(range, gross, booked),
      undocumented,
      firstAtMs: Math.min(...gross.map(({ first_at_ms }) => exactInteger(first_at_ms))),
      lastAtMs: Math.max(...gross.map(({ last_at_ms }) => exactInteger(last_at_ms))),
    };
  }
  return {
    async count(windowId) {
      const [found] = await rows('SELECT COUNT(*) AS n FROM settlement WHERE window_id = ?', [windowId]);
      return exactInteger(found?.n);
    },

    async *pages(windowId) {
      const bounds = await boundsOf(knex, windowId);
      if (bounds === undefined) return;
      const read = (after: string): Promise<readonly Row[]> =>
        rows(dialect.items, [after, bounds.last, windowId, ITEMS_PER_PAGE]);
      // While one page is added up where it goes, the next one is read and a part that was read before is summed.
      let from = justBefore(bounds.first);
      let after = from;
      let unsummed = 0;
      let summing: Promise<readonly WindowPart[]> = Promise.resolve([]);
      let reading = quiet(read(after));
      try {
        for (;;) {
          const records = await reading;
          const isLast = records.length < ITEMS_PER_PAGE;
          after = isLast ? bounds.last : (records.at(-1)?.settlement_id as string);
          if (!isLast) reading = quiet(read(after));
          unsummed += records.length;
          const items = records.map(windowItemOf);
          if (!isLast && unsummed < ITEMS_PER_PART) yield { items, parts: [] };
          else {
            const before = await summing;
            summing = quiet(partOf([from, after, windowId], unsummed).then((part) => [part]));
            yield { items, parts: isLast ? [...before, ...(await summing)] : before };
            if (isLast) return;
            from = after;
            unsummed = 0;
          }
        }
      } finally {
        // Whoever stops early must not leave questions behind on a database that is closed next.
        await Promise.allSettled([reading, summing]);
      }
    },

    async adjustments(windowId) {
      try {
        return await readAdjustments(knex, windowId);
      } catch (error) {
        throw ourError(error);
      }
    },

    async journal(windowId) {
      const booked = await rows(`${JOURNAL} ${JOURNAL_GROUP}`, [windowId]);
      const [times] = await rows(
        `SELECT COUNT(*) AS n, MIN(entered_at_ms) AS first_at_ms, MAX(entered_at_ms) AS last_at_ms
           FROM journal_entry WHERE window_id = ?`,
        [windowId],
      );
      const instant = (value: unknown): number | undefined => (value === null ? undefined : exactInteger(value));
      return {
        booked: booked.map(accountSumOf),
        unbalanced: await ids(JOURNAL_UNBALANCED, [windowId]),
        entries: exactInteger(times?.n),
        firstAtMs: instant(times?.first_at_ms),
        lastAtMs: instant(times?.last_at_ms),
      };
    },
  };
}

/** A promise whose failure is heard by whoever awaits it, and is no accident until then. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A text below an id and above every id that is below it, as far as ids are of printable characters. */
function justBefore(id: string): string {
  const last = id.charCodeAt(id.length - 1);
  return id.slice(0, -1) + String.fromCharCode(last - 1) + '~';
}
