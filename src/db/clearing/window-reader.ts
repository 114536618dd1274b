import { crc32 } from 'node:zlib';
import type { Knex } from 'knex';
import type { WindowItem, WindowPart, WindowReader } from '../../app/clearing/ports.ts';
import type { GrossItem } from '../../app/ports.ts';
import { bookedFor, type AccountSum } from '../../core/clearing/agreement.ts';
import type { LedgerAccount } from '../../core/ledger/postings.ts';
import { grossItemsOf, LAYER_COLUMNS, statementItemOf } from './clearing-rows.ts';
import { ourError } from '../engine/driver-errors.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { createMakeWay } from './make-way.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { readAdjustments } from '../lifecycle/adjustments.ts';
import { boundsOf } from './window-bounds.ts';
import { isMysql } from '../engine/is-mysql.ts';

/** Few enough that rows are gone before they are moved to where old objects are kept. */
const ITEMS_PER_PAGE = 4000;
/** Many enough that groups are fewer than rows. */
const ITEMS_PER_PART = 50_000;
/** One is summed while the bills of the next are added up; a second one keeps the database busy where that takes longer. */
const PARTS_AT_ONCE = 2;

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
 * A mark weighs every amount with a number made of where it stands, modulo a prime: two lists of amounts that have the same
 * mark are the same, but for one chance in five hundred million. The mark of postings takes a fifth of the time that adding
 * them up account by account and entry by entry takes, which is done only where marks differ. All factors together stay
 * below 2^63.
 */
const MARK_MODULUS = 536_870_909n;
const OWED_MARK = `SUM(CAST(CRC32(CONCAT(settlement_id, treatment_region)) AS SIGNED) * ((fund_total_fen + account_fen) % ${MARK_MODULUS})) AS mark`;

const grossQuery = (
  table: string,
  mark: string,
): string => `SELECT ${GROSS_KEY}, COUNT(*) AS settlements, ${LAYER_SUMS},
  MIN(settled_at_ms) AS first_at_ms, MAX(settled_at_ms) AS last_at_ms${mark}
  FROM ${table} WHERE ${SETTLEMENTS} GROUP BY ${GROSS_KEY}`;

const PARTY = "CASE WHEN account = 'personal' THEN '' ELSE party END";
const BOOKED = `SELECT book, account, ${PARTY} AS who, SUM(amount_fen) AS amount_fen
  FROM posting WHERE ${ENTRIES} GROUP BY book, account, ${PARTY}`;

/** By entry and book, which must come to 0, with what is payable counted twice, so that it must be what is owed; and by account. */
const POSTED_MARK = `SELECT SUM((amount_fen % ${MARK_MODULUS}) * CAST(CRC32(CONCAT(entry_id, book))
    * CASE WHEN account = 'payable' THEN 2 ELSE 1 END + CRC32(CONCAT(book, account, ${PARTY})) AS SIGNED)) AS mark
  FROM posting WHERE ${ENTRIES}`;

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

/** Between two ids, the first not included, in a window. */
type Range = readonly [from: string, to: string, windowId: number];

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

function markIn(row: Row | undefined): bigint {
  return BigInt((row?.mark as string | null | undefined) ?? 0);
}

/** What the mark of postings must be that say of every settlement, and of every account, what the gross says. */
function expectedMark(gross: readonly Row[], items: readonly GrossItem[]): bigint {
  const byAccount = bookedFor(items).map(
    ({ book, account, party, amount }) => BigInt(amount) * BigInt(crc32(`${book}${account}${party}`)),
  );
  const owed = gross.reduce((sum, row) => sum + markIn(row), 0n);
  return byAccount.reduce((sum, mark) => sum + mark, -owed);
}

/** Reads windows on either engine; on MariaDB over several connections at once. */
export function createWindowReader(knex: Knex): WindowReader {
  const onMysql = isMysql(knex);
  // Left to itself the server may take the index of windows and look every row up by it.
  const table = onMysql ? 'settlement FORCE INDEX (PRIMARY)' : 'settlement';
  const itemsQuery = ITEMS(table);
  const gross = grossQuery(table, onMysql ? `, ${OWED_MARK}` : '');
  const rows = async (sql: string, values: readonly (string | number)[]): Promise<readonly Row[]> => {
    try {
      return await rowsOf<Row>(knex, sql, values);
    } catch (error) {
      throw ourError(error);
    }
  };
  const ids = async (sql: string, values: readonly (string | number)[]): Promise<string[]> =>
    (await rows(sql, values)).map(({ id }) => id as string);

  /** What was posted, account by account, but for what the journal entered between these settlements. */
  async function bookedIn(range: Range): Promise<Pick<WindowPart, 'booked' | 'misbooked'>> {
    const [from, to, windowId] = range;
    const booked = await rows(BOOKED, range);
    const between = await rows(`${JOURNAL} AND j.entry_id > ? AND j.entry_id <= ? ${JOURNAL_GROUP}`, [
      windowId,
      from,
      to,
    ]);
    const others = between.map(accountSumOf).map((sum) => ({ ...sum, amount: -sum.amount }));
    const [unbalanced, misowed] = [await ids(UNBALANCED, range), await ids(MISOWED, range)];
    return {
      booked: [...booked.map(accountSumOf), ...others],
      misbooked: [...new Set([...unbalanced, ...misowed])],
    };
  }

  async function undocumentedIn(range: Range, settlements: number): Promise<string[]> {
    const [from, to] = range;
    const [documents] = await rows(
      'SELECT COUNT(*) AS n FROM settlement_document WHERE settlement_id > ? AND settlement_id <= ?',
      [from, to],
    );
    // More are of other windows, between the ids of this one.
    return exactInteger(documents?.n) === settlements ? [] : ids(UNDOCUMENTED, range);
  }

  async function partsOf(range: Range, settlements: number): Promise<readonly WindowPart[]> {
    if (settlements === 0) return [];
    const [sums, posted] = await Promise.all([
      rows(gross, range),
      // A database without CRC32 is asked exactly, and always; it is small.
      onMysql ? rows(POSTED_MARK, range) : undefined,
    ]);
    const items = sums.flatMap(grossItemsOf);
    const agrees = posted !== undefined && (markIn(posted[0]) - expectedMark(sums, items)) % MARK_MODULUS === 0n;
    const part: WindowPart = {
      gross: items,
      settlements: sums.reduce((sum, row) => sum + exactInteger(row.settlements), 0),
      ...(agrees ? { booked: bookedFor(items), misbooked: [] } : await bookedIn(range)),
      undocumented: await undocumentedIn(range, settlements),
      firstAtMs: Math.min(...sums.map(({ first_at_ms }) => exactInteger(first_at_ms))),
      lastAtMs: Math.max(...sums.map(({ last_at_ms }) => exactInteger(last_at_ms))),
    };
    return [part];
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
        rows(itemsQuery, [after, bounds.last, windowId, ITEMS_PER_PAGE]);
      // While one page is added up where it goes, the next one is read and a part that was read before is summed.
      let from = justBefore(bounds.first);
      let after = from;
      let unsummed = 0;
      const summing: Promise<readonly WindowPart[]>[] = [];
      let reading = quiet(read(after));
      const makeWay = onMysql ? await createMakeWay(knex) : () => Promise.resolve();
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
            const before = summing.length < PARTS_AT_ONCE ? [] : await summing.shift();
            await reading;
            await makeWay();
            summing.push(quiet(partsOf([from, after, windowId], unsummed)));
            yield {
              items,
              parts: isLast ? [...(before ?? []), ...(await Promise.all(summing)).flat()] : (before ?? []),
            };
            if (isLast) return;
            from = after;
            unsummed = 0;
          }
        }
      } finally {
        // Whoever stops early must not leave questions behind on a database that is closed next.
        await Promise.allSettled([reading, ...summing]);
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
      const adjusted = await rows(`${JOURNAL} AND j.kind IN ('deduction', 'correction') ${JOURNAL_GROUP}`, [windowId]);
      const [times] = await rows(
        `SELECT COUNT(*) AS n, MIN(entered_at_ms) AS first_at_ms, MAX(entered_at_ms) AS last_at_ms
           FROM journal_entry WHERE window_id = ?`,
        [windowId],
      );
      const instant = (value: unknown): number | undefined => (value === null ? undefined : exactInteger(value));
      return {
        booked: booked.map(accountSumOf),
        adjusted: adjusted.map(accountSumOf),
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
