import type { Knex } from 'knex';
import { MARK_MODULUS } from '../../core/clearing/posting-mark.ts';
import type { BookedPart, WindowItem, WindowPart, WindowReader } from '../../app/clearing/ports.ts';
import type { AccountSum } from '../../core/clearing/agreement.ts';
import type { LedgerAccount } from '../../core/ledger/postings.ts';
import { invariant } from '../../core/invariant.ts';
import { FUNDS } from '../../core/policy/terms.ts';
import { FUND_COLUMNS } from '../settlement/settlement-rows.ts';
import { ourError } from '../engine/driver-errors.ts';
import { exactInteger, exactIntegers } from '../engine/exact-integer.ts';
import { createMakeWay } from './make-way.ts';
import { quiet } from '../../platform/quiet.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { rowsAsTheyCome } from '../engine/rows-as-they-come.ts';
import { readAdjustments } from '../lifecycle/adjustments.ts';
import { boundsOf } from './window-bounds.ts';
import { isMysql } from '../engine/is-mysql.ts';

/** Few enough that rows are gone before they are moved to where old objects are kept. */
const ITEMS_PER_PAGE = 2000;
const ITEMS_PER_PART = 50_000;
/** One is marked while the bills of the next are added up; more keep the database busy where that takes longer. */
const PARTS_AT_ONCE = 3;

const FUND_LIST = FUNDS.map((fund) => FUND_COLUMNS[fund]);

/** Settlements of one window between two ids, the first not included; in the order in which they lie on the disk. */
const SETTLEMENTS = 'settlement_id > ? AND settlement_id <= ? AND window_id = ?';
const ENTRIES = 'entry_id > ? AND entry_id <= ? AND window_id = ?';

const NUMBERS = ['total_fen', 'fund_total_fen', 'account_fen', 'settled_at_ms', ...FUND_LIST];

/** Few columns: what a driver does for one is most of what reading a row takes. */
function itemsQuery(onMysql: boolean): string {
  const joined = (columns: readonly string[], separator: string): string =>
    onMysql ? `CONCAT_WS('${separator}', ${columns.join(', ')})` : columns.join(` || '${separator}' || `);
  const billNumber = `SUBSTR(bill_key, ${onMysql ? 'CHAR_LENGTH' : 'LENGTH'}(institution_id) + 2)`;
  const about = ['settlement_id', 'institution_id', billNumber, 'scheme', 'benefit', "COALESCE(reverses, '')", "''"];
  const group = ['home_region', 'treatment_region', 'institution_id', 'scheme'];
  return `SELECT settlement_id, ${joined(about, '|')} AS about, ${joined(group, ' ')} AS bill_group,
    ${joined(NUMBERS, ' ')} AS numbers
    FROM settlement ${onMysql ? 'FORCE INDEX (PRIMARY)' : ''} WHERE ${SETTLEMENTS} ORDER BY settlement_id LIMIT ?`;
}

const PARTY = "CASE WHEN account = 'personal' THEN '' ELSE party END";
const BOOKED = `SELECT book, account, ${PARTY} AS who, SUM(amount_fen) AS amount_fen
  FROM posting WHERE ${ENTRIES} GROUP BY book, account, ${PARTY}`;

/** The mark of postings, see PostingMark. */
const MARK = `SUM((amount_fen % ${MARK_MODULUS}) * CAST(CRC32(CONCAT(p.entry_id, book))
    * CASE WHEN account = 'payable' THEN 2 ELSE 1 END + CRC32(CONCAT(book, account, ${PARTY})) AS SIGNED)) AS mark`;
const POSTED_MARK = `SELECT ${MARK} FROM posting p WHERE ${ENTRIES}`;

/** Entries that are no settlement's. Their postings are of this window and may lie anywhere. */
const JOURNAL = `SELECT p.book, p.account, CASE WHEN p.account = 'personal' THEN '' ELSE p.party END AS who,
  SUM(p.amount_fen) AS amount_fen
  FROM journal_entry j JOIN posting p ON p.entry_id = j.entry_id AND p.window_id = j.window_id WHERE j.window_id = ?`;
const JOURNAL_GROUP = "GROUP BY p.book, p.account, CASE WHEN p.account = 'personal' THEN '' ELSE p.party END";
const JOURNAL_MARK = `SELECT ${MARK} FROM journal_entry j JOIN posting p ON p.entry_id = j.entry_id
  AND p.window_id = j.window_id WHERE j.entry_id > ? AND j.entry_id <= ? AND j.window_id = ?`;
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

/** The last of the next so many settlements. */
const NEXT_PART = `SELECT settlement_id AS id FROM settlement WHERE settlement_id > ? AND settlement_id < ?
  ORDER BY settlement_id LIMIT 1 OFFSET ?`;

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
  const numbers = exactIntegers(record.numbers as string);
  invariant(numbers.length === NUMBERS.length, 'a settlement has all its numbers');
  const [total = 0, fundTotal = 0, account = 0, settledAtMs = 0, ...funds] = numbers;
  return {
    settlementId: record.settlement_id as string,
    about: record.about as string,
    group: record.bill_group as string,
    total,
    fundTotal,
    account,
    owed: fundTotal + account,
    funds,
    settledAtMs,
  };
}

/** Reads windows on either engine; on MariaDB over several connections at once. */
export function createWindowReader(knex: Knex): WindowReader {
  const onMysql = isMysql(knex);
  // Left to itself the server may take the index of windows and look every row up by it.
  const items = itemsQuery(onMysql);
  const rows = async (sql: string, values: readonly (string | number)[]): Promise<readonly Row[]> => {
    try {
      return await rowsOf<Row>(knex, sql, values);
    } catch (error) {
      throw ourError(error);
    }
  };
  const itemsPerPart = onMysql ? ITEMS_PER_PART : ITEMS_PER_PAGE;

  async function* itemsAfter(from: string, last: string, windowId: number): AsyncGenerator<readonly Row[]> {
    try {
      yield* rowsAsTheyCome<Row>(knex, items, [from, last, windowId, itemsPerPart], ITEMS_PER_PAGE);
    } catch (error) {
      throw ourError(error);
    }
  }

  const ids = async (sql: string, values: readonly (string | number)[]): Promise<string[]> =>
    (await rows(sql, values)).map(({ id }) => id as string);

  /** What was posted, account by account, but for what the journal entered between these settlements. */
  async function bookedIn(range: Range): Promise<BookedPart> {
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

  async function markBy(sql: string, range: Range): Promise<bigint> {
    const [row] = await rows(sql, range);
    return BigInt((row?.mark as string | null | undefined) ?? 0);
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

  async function partOf(range: Range, settlements: number): Promise<WindowPart> {
    // A database without CRC32 is asked exactly, and always; it is small.
    const mark = onMysql ? await markBy(POSTED_MARK, range) : undefined;
    return { mark, undocumented: await undocumentedIn(range, settlements) };
  }

  /** Takes what the journal entered between the settlements out of the mark of all postings. */
  async function journalPart(range: Range): Promise<WindowPart> {
    return { mark: onMysql ? -(await markBy(JOURNAL_MARK, range)) : undefined, undocumented: [] };
  }

  return {
    async count(windowId) {
      const [found] = await rows('SELECT COUNT(*) AS n FROM settlement WHERE window_id = ?', [windowId]);
      return exactInteger(found?.n);
    },

    async *pages(windowId) {
      const bounds = await boundsOf(knex, windowId);
      if (bounds === undefined) return;
      let from = justBefore(bounds.first);
      const marking: Promise<WindowPart>[] = [quiet(journalPart([from, bounds.last, windowId]))];
      const makeWay = onMysql ? await createMakeWay(knex) : () => Promise.resolve();
      try {
        for (let isLast = false; !isLast;) {
          // While bills are added up where they go, the next ones come, and a part that came before is marked.
          let [read, after] = [0, from];
          for await (const records of itemsAfter(from, bounds.last, windowId)) {
            read += records.length;
            after = records.at(-1)?.settlement_id as string;
            yield { items: records.map(windowItemOf), parts: [] };
          }
          isLast = read < itemsPerPart;
          const marked = marking.length < PARTS_AT_ONCE ? undefined : await marking.shift();
          await makeWay();
          marking.push(quiet(partOf([from, isLast ? bounds.last : after, windowId], read)));
          if (marked !== undefined) yield { items: [], parts: [marked] };
          from = after;
        }
        yield { items: [], parts: await Promise.all(marking) };
      } finally {
        // Whoever stops early must not leave questions behind on a database that is closed next.
        await Promise.allSettled(marking);
      }
    },

    async *booked(windowId) {
      const bounds = await boundsOf(knex, windowId);
      if (bounds === undefined) return;
      for (let from: string | undefined = justBefore(bounds.first); from !== undefined;) {
        const [next] = await ids(NEXT_PART, [from, bounds.last, ITEMS_PER_PART]);
        yield await bookedIn([from, next ?? bounds.last, windowId]);
        from = next;
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

/** A text below an id and above every id that is below it, as far as ids are of printable characters. */
function justBefore(id: string): string {
  const last = id.charCodeAt(id.length - 1);
  return id.slice(0, -1) + String.fromCharCode(last - 1) + '~';
}
