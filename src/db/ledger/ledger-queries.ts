import type { Knex } from 'knex';
import type { AccountEntry, AccountKey, LedgerQueries } from '../../app/ledger/ports.ts';
import type { AccountSum } from '../../core/clearing/agreement.ts';
import type { LedgerAccount } from '../../core/ledger/postings.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { canBeId } from '../engine/sql-text.ts';
import { boundsOf } from '../clearing/window-bounds.ts';

type Values = readonly (string | number)[];

const WHO = "CASE WHEN p.account = 'personal' THEN '' ELSE p.party END";
const SUMS = `SELECT p.book, p.account, ${WHO} AS who, SUM(p.amount_fen) AS amount_fen`;
const GROUP = `GROUP BY p.book, p.account, ${WHO}`;
/** Settlements first, because only they say when an entry was made. */
const OF_SETTLEMENTS = `FROM settlement s JOIN posting p ON p.entry_id = s.settlement_id
  WHERE s.settlement_id >= ? AND s.settlement_id <= ? AND s.window_id = ?`;
const OF_JOURNAL = 'FROM journal_entry j JOIN posting p ON p.entry_id = j.entry_id WHERE j.window_id = ?';

const KEPT = `SELECT b.book, b.account, b.party AS who, SUM(b.amount_fen) AS amount_fen
  FROM ledger_window w JOIN ledger_balance b ON b.window_id = w.window_id`;

const COLUMNS = 'p.entry_id, p.leg, p.window_id, p.party, p.amount_fen';

function sumOf(record: Row): AccountSum {
  return {
    book: record.book as string,
    account: record.account as LedgerAccount,
    party: record.who as string,
    amount: exactInteger(record.amount_fen),
  };
}

function settlementEntry(record: Row): AccountEntry {
  const institutionId = record.institution_id as string;
  const reverses = (record.reverses as string | null) ?? undefined;
  return {
    ...legOf(record),
    atMs: exactInteger(record.settled_at_ms),
    kind: reverses === undefined ? 'settlement' : 'reversal',
    subjectId: reverses,
    institutionId,
    billNumber: (record.bill_key as string).slice(institutionId.length + 1),
    reason: undefined,
    enteredBy: undefined,
  };
}

function journalEntry(record: Row): AccountEntry {
  return {
    ...legOf(record),
    atMs: exactInteger(record.entered_at_ms),
    kind: record.kind as string,
    subjectId: record.subject_id as string,
    institutionId: undefined,
    billNumber: undefined,
    reason: record.reason as string,
    enteredBy: record.entered_by as string,
  };
}

function legOf(record: Row) {
  return {
    entryId: record.entry_id as string,
    leg: exactInteger(record.leg),
    windowId: exactInteger(record.window_id),
    party: record.party as string,
    amount: exactInteger(record.amount_fen),
  };
}

/** Adds sums of the same account together. */
function merged(sums: readonly AccountSum[]): AccountSum[] {
  const byName = new Map<string, AccountSum>();
  for (const sum of sums) {
    const name = `${sum.book} ${sum.account} ${sum.party}`;
    byName.set(name, { ...sum, amount: sum.amount + (byName.get(name)?.amount ?? 0) });
  }
  return [...byName].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, sum]) => sum);
}

/** A place in the entries of an account: in a window, first those of settlements, then those of the journal. */
interface Place {
  readonly windowId: number;
  readonly source: 's' | 'j';
  readonly entryId: string;
  readonly leg: number;
}

const CURSOR = /^(\d{1,9})\.([sj])\.(\d{1,5})\.([A-Za-z0-9._-]{0,40})$/;
const START: Place = { windowId: 0, source: 's', entryId: '', leg: 0 };

function placeOf(cursor: string | undefined): Place {
  const match = CURSOR.exec(cursor ?? '');
  if (match === null) return START;
  const [, windowId, source, leg, entryId = ''] = match;
  return { windowId: Number(windowId), source: source as Place['source'], leg: Number(leg), entryId };
}

/** Reads balances from what windows left behind, and looks only into windows that are open, not proved, or cut by the instant. */
export function createLedgerQueries(knex: Knex): LedgerQueries {
  const rows = (sql: string, values: Values): Promise<readonly Row[]> => rowsOf<Row>(knex, sql, values);

  /** Windows whose kept balances do not answer for the instant. */
  async function windowsToScan(atMs: number | undefined): Promise<number[]> {
    const cut = atMs === undefined ? '' : 'OR (l.first_at_ms <= ? AND l.last_at_ms > ?)';
    const found = await rows(
      `SELECT w.window_id FROM clearing_window w LEFT JOIN ledger_window l ON l.window_id = w.window_id
         WHERE l.window_id IS NULL ${cut} ORDER BY w.window_id`,
      atMs === undefined ? [] : [atMs, atMs],
    );
    return found.map(({ window_id }) => exactInteger(window_id));
  }

  async function scan(windowId: number, atMs: number | undefined, narrow: string, keys: Values): Promise<AccountSum[]> {
    const bounds = await boundsOf(knex, windowId);
    const until = (column: string): string => (atMs === undefined ? '' : `AND ${column} <= ?`);
    const at = atMs === undefined ? [] : [atMs];
    const settled =
      bounds === undefined
        ? []
        : await rows(`${SUMS} ${OF_SETTLEMENTS} ${until('s.settled_at_ms')} ${narrow} ${GROUP}`, [
            bounds.first,
            bounds.last,
            windowId,
            ...at,
            ...keys,
          ]);
    const entered = await rows(`${SUMS} ${OF_JOURNAL} ${until('j.entered_at_ms')} ${narrow} ${GROUP}`, [
      windowId,
      ...at,
      ...keys,
    ]);
    return [...settled, ...entered].map(sumOf);
  }

  async function sums(atMs: number | undefined, conditions: Readonly<Record<string, string>>): Promise<AccountSum[]> {
    const columns = Object.keys(conditions);
    const keys = Object.values(conditions);
    if (!keys.every(canBeId)) return [];
    const narrow = (table: string): string => columns.map((column) => `AND ${table}.${column} = ?`).join(' ');
    const whole = atMs === undefined ? 'WHERE 1 = 1' : 'WHERE w.last_at_ms <= ?';
    const kept = await rows(`${KEPT} ${whole} ${narrow('b')} GROUP BY b.book, b.account, b.party`, [
      ...(atMs === undefined ? [] : [atMs]),
      ...keys,
    ]);
    const all = kept.map(sumOf);
    for (const windowId of await windowsToScan(atMs)) all.push(...(await scan(windowId, atMs, narrow('p'), keys)));
    return merged(all);
  }

  /** Windows in which an account moved, from one on; those that are not proved may. */
  async function windowsOf({ book, account, party }: AccountKey, from: number): Promise<number[]> {
    const byParty = party !== undefined && account !== 'personal';
    const found = await rows(
      `SELECT w.window_id FROM clearing_window w LEFT JOIN ledger_window l ON l.window_id = w.window_id
         WHERE w.window_id >= ? AND (l.window_id IS NULL OR EXISTS (SELECT 1 FROM ledger_balance b
           WHERE b.window_id = w.window_id AND b.book = ? AND b.account = ? ${byParty ? 'AND b.party = ?' : ''}))
         ORDER BY w.window_id`,
      [from, book, account, ...(byParty ? [party] : [])],
    );
    return found.map(({ window_id }) => exactInteger(window_id));
  }

  async function entriesIn(
    source: Place['source'],
    windowId: number,
    { book, account, party }: AccountKey,
    { atMs, after, limit }: { atMs: number | undefined; after: Place; limit: number },
  ): Promise<AccountEntry[]> {
    const bounds = source === 's' ? await boundsOf(knex, windowId) : undefined;
    if (source === 's' && bounds === undefined) return [];
    const when = source === 's' ? 's.settled_at_ms' : 'j.entered_at_ms';
    const about =
      source === 's' ? 's.institution_id, s.bill_key, s.reverses' : 'j.kind, j.subject_id, j.reason, j.entered_by';
    const found = await rows(
      `SELECT ${COLUMNS}, ${when}, ${about} ${source === 's' ? OF_SETTLEMENTS : OF_JOURNAL}
         AND p.book = ? AND p.account = ? ${party === undefined ? '' : 'AND p.party = ?'}
         ${atMs === undefined ? '' : `AND ${when} <= ?`}
         AND (p.entry_id > ? OR (p.entry_id = ? AND p.leg > ?)) ORDER BY p.entry_id, p.leg LIMIT ?`,
      [
        ...(bounds === undefined ? [] : [after.entryId > bounds.first ? after.entryId : bounds.first, bounds.last]),
        windowId,
        book,
        account,
        ...(party === undefined ? [] : [party]),
        ...(atMs === undefined ? [] : [atMs]),
        after.entryId,
        after.entryId,
        after.leg,
        limit,
      ],
    );
    return found.map(source === 's' ? settlementEntry : journalEntry);
  }

  return {
    balances: (atMs, book) => sums(atMs, book === undefined ? {} : { book }),

    async balance({ book, account, party }, atMs) {
      if (party === undefined || account !== 'personal') {
        const found = await sums(atMs, { book, account, ...(party !== undefined && { party }) });
        return found.reduce((sum, { amount }) => sum + amount, 0);
      }
      // One person's: windows keep those of all persons together, so this goes through the entries.
      let balance = 0;
      let after: string | undefined;
      do {
        const page = await entriesOf({ book, account, party }, atMs, after, 1000);
        balance = page.entries.reduce((sum, { amount }) => sum + amount, balance);
        after = page.next;
      } while (after !== undefined);
      return balance;
    },

    entries: entriesOf,
  };

  async function entriesOf(key: AccountKey, atMs: number | undefined, cursor: string | undefined, limit: number) {
    if (![key.book, key.account, key.party ?? ''].every(canBeId)) return { entries: [], next: undefined };
    const from = placeOf(cursor);
    const entries: AccountEntry[] = [];
    for (const windowId of await windowsOf(key, from.windowId)) {
      for (const source of ['s', 'j'] as const) {
        const isHere = windowId === from.windowId;
        if (isHere && source === 's' && from.source === 'j') continue;
        const after = isHere && source === from.source ? from : START;
        const found = await entriesIn(source, windowId, key, { atMs, after, limit: limit - entries.length });
        entries.push(...found);
        const last = found.at(-1);
        if (entries.length === limit && last !== undefined) {
          return { entries, next: `${windowId}.${source}.${last.leg}.${last.entryId}` };
        }
      }
    }
    return { entries, next: undefined };
  }
}
