import type { Knex } from 'knex';
import type { CopyState, CopyStore, FedPerson, FeedNeed, FeedState, FeedWrites } from '../../app/funds/ports.ts';
import type { StoredSettlement } from '../../app/ports.ts';
import type { BalanceChange } from '../../core/copy/balances.ts';
import type { EventState, KnownEvent } from '../../core/copy/event-stream.ts';
import { invariant } from '../../core/invariant.ts';
import type { Scheme } from '../../core/policy/terms.ts';
import { isContention, isUniqueConflict } from '../engine/driver-errors.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import { insertFast, type FastInsert } from '../engine/fast-insert.ts';
import { inTransaction } from '../engine/in-transaction.ts';
import { retryContention } from '../engine/retry-contention.ts';
import { rowsOf, type Row } from '../engine/raw-rows.ts';
import { marks } from '../engine/sql-text.ts';
import { personValues, settlementOf, SETTLEMENTS_WITH_DOCUMENTS } from '../settlement/settlement-rows.ts';
import { isMysql } from '../engine/is-mysql.ts';

const IDS_MAX = 500;
/** Conditions that differ from person to person, in one statement. */
const ALTERNATIVES_MAX = 100;

const PERSON_COLUMNS = ['person_id', 'home_region', 'scheme', 'name', 'facts', 'copied_at_ms'] as const;
const PERSON: FastInsert = {
  table: 'person',
  columns: PERSON_COLUMNS,
  replaces: { key: ['person_id'], columns: PERSON_COLUMNS.slice(1) },
};
/** Holds the place of a person who is made, seen by nobody: its region is none. */
const PLACEHOLDER: FastInsert = { ...PERSON, replaces: { key: ['person_id'], columns: ['person_id'] } };
const ACCOUNT: FastInsert = {
  table: 'account',
  columns: ['person_id', 'current_fen', 'carried_fen'],
  replaces: { key: ['person_id'], columns: ['current_fen', 'carried_fen'] },
};
const ACCUMULATOR: FastInsert = {
  table: 'accumulator',
  columns: ['person_id', 'bucket', 'amounts', 'raises'],
  replaces: { key: ['person_id', 'bucket'], columns: ['amounts'] },
};
const POSITION: FastInsert = {
  table: 'event_position',
  columns: ['person_id', 'event_sequence'],
  replaces: { key: ['person_id'], columns: ['event_sequence'] },
};
const EVENT_COLUMNS = [
  'person_id',
  'event_sequence',
  'home_region',
  'event_id',
  'content_hash',
  'changes',
  'state',
  'reason',
  'occurred_at_ms',
  'received_at_ms',
] as const;
const EVENT: FastInsert = {
  table: 'accumulator_event',
  columns: EVENT_COLUMNS,
  replaces: {
    key: ['person_id', 'event_sequence'],
    columns: EVENT_COLUMNS.slice(3).filter((column) => column !== 'received_at_ms'),
  },
};

function eventOf(row: Row): KnownEvent {
  return {
    eventId: row.event_id as string,
    personId: row.person_id as string,
    sequence: exactInteger(row.event_sequence),
    change: JSON.parse(row.changes as string) as BalanceChange,
    occurredAtMs: exactInteger(row.occurred_at_ms),
    contentHash: row.content_hash as string,
    state: row.state as EventState,
    reason: (row.reason as string | null) ?? undefined,
  };
}

/** Pieces of a list, each short enough for one statement. */
function pieces<T>(all: readonly T[], most: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / most) }, (_, at) => all.slice(at * most, (at + 1) * most));
}

async function inPieces(
  all: readonly string[],
  read: (some: string[]) => PromiseLike<readonly Row[]>,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (const some of pieces(all, IDS_MAX)) for (const row of await read(some)) found.push(row);
  return found;
}

/**
 * Locks persons as settling does, in the order of ids and before anything of theirs; one who is not there yet gets a row
 * first, because a lock on nothing keeps nobody out.
 */
async function lockPersons(transaction: Knex.Transaction, ids: readonly string[], { makes, facts }: FeedNeed) {
  const columns = ['person_id', 'home_region', 'scheme', 'copied_at_ms', ...(facts ? ['facts'] : [])];
  const lock = (some: readonly string[]) =>
    inPieces(some, (piece) =>
      transaction<Row>('person').whereIn('person_id', piece).orderBy('person_id').forUpdate().select(columns),
    );
  const found = await lock(ids);
  const known = new Set(found.map((row) => row.person_id as string));
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length === 0 || !makes || !isMysql(transaction)) return { rows: found, made: [] };
  await insertFast(
    transaction,
    PLACEHOLDER,
    missing.map((id) => [id, '', '', '', '{}', 0]),
  );
  const rows = await lock(missing);
  const isMade = (row: Row): boolean => row.home_region === '';
  return {
    rows: [...found, ...rows.filter((row) => !isMade(row))],
    made: rows.filter(isMade).map((row) => row.person_id as string),
  };
}

async function readBalances(transaction: Knex.Transaction, ids: readonly string[]) {
  const [accounts, positions, accumulators] = [new Map<string, Row>(), new Map<string, number>(), new Map()] as [
    Map<string, Row>,
    Map<string, number>,
    Map<string, Record<string, Record<string, number>>>,
  ];
  for (const row of await inPieces(ids, (some) => transaction<Row>('account').whereIn('person_id', some).select())) {
    accounts.set(row.person_id as string, row);
  }
  for (const row of await inPieces(ids, (some) =>
    transaction<Row>('event_position').whereIn('person_id', some).select(),
  )) {
    positions.set(row.person_id as string, exactInteger(row.event_sequence));
  }
  for (const row of await inPieces(ids, (some) =>
    transaction<Row>('accumulator').whereIn('person_id', some).select('person_id', 'bucket', 'amounts'),
  )) {
    const own = accumulators.get(row.person_id as string) ?? {};
    own[row.bucket as string] = JSON.parse(row.amounts as string) as Record<string, number>;
    accumulators.set(row.person_id as string, own);
  }
  return { accounts, positions, accumulators };
}

/** Events after what is in the balances, or after what a snapshot has in it; and those at sequences that are asked about. */
async function readEvents(
  transaction: Knex.Transaction,
  ids: readonly string[],
  positions: ReadonlyMap<string, number>,
  { sequences, since }: FeedNeed,
): Promise<Map<string, Map<number, KnownEvent>>> {
  const rows = [
    ...(await inPieces(ids, (some) =>
      transaction<Row>('accumulator_event AS e')
        .leftJoin('event_position AS p', 'p.person_id', 'e.person_id')
        .whereIn('e.person_id', some)
        .where('e.event_sequence', '>', transaction.raw('COALESCE(p.event_sequence, 0)'))
        .select('e.*'),
    )),
  ];
  const passed = ids.flatMap((id) => {
    const sequence = since.get(id)?.sequence;
    return sequence !== undefined && sequence < (positions.get(id) ?? 0) ? [{ id, sequence }] : [];
  });
  for (const some of pieces(passed, ALTERNATIVES_MAX)) {
    const either = some.map(() => '(person_id=? AND event_sequence>?)').join(' OR ');
    const values = some.flatMap(({ id, sequence }) => [id, sequence]);
    rows.push(...(await rowsOf<Row>(transaction, `SELECT * FROM accumulator_event WHERE ${either}`, values)));
  }
  for (const some of pieces(sequences, IDS_MAX)) {
    const asked = await inPieces(ids, (piece) =>
      transaction<Row>('accumulator_event').whereIn('person_id', piece).whereIn('event_sequence', some).select(),
    );
    rows.push(...asked);
  }
  const events = new Map<string, Map<number, KnownEvent>>();
  for (const event of rows.map(eventOf)) {
    const own = events.get(event.personId) ?? new Map<number, KnownEvent>();
    events.set(event.personId, own.set(event.sequence, event));
  }
  return events;
}

/** Settlements since an advice, that one included. Most persons have none: the index says so before a document is read. */
async function readSettlements(
  transaction: Knex.Transaction,
  { since }: FeedNeed,
): Promise<Map<string, StoredSettlement>> {
  const wanted = [...since.values()].flatMap(({ settlementId, of }) => of.map((id) => ({ id, settlementId })));
  const ids = [...new Set(wanted.map(({ id }) => id))];
  const latest = new Map<string, string>();
  for (const row of await inPieces(ids, (some) =>
    transaction<Row>('settlement')
      .whereIn('person_id', some)
      .groupBy('person_id')
      .select('person_id', transaction.raw('MAX(settlement_id) AS latest')),
  )) {
    latest.set(row.person_id as string, row.latest as string);
  }
  const settlements = new Map<string, StoredSettlement>();
  const keep = (rows: readonly Row[]): void => {
    for (const settlement of rows.map(settlementOf)) settlements.set(settlement.row.settlementId, settlement);
  };
  const moved = wanted.filter(({ id, settlementId }) => (latest.get(id) ?? '') >= settlementId && latest.has(id));
  for (const some of pieces(moved, ALTERNATIVES_MAX)) {
    const either = some.map(() => '(s.person_id=? AND s.settlement_id>=?)').join(' OR ');
    const values = some.flatMap(({ id, settlementId }) => [id, settlementId]);
    keep(await rowsOf<Row>(transaction, `${SETTLEMENTS_WITH_DOCUMENTS} WHERE ${either}`, values));
  }
  const originals = [...settlements.values()].flatMap(({ row: { reverses } }) =>
    reverses === undefined || settlements.has(reverses) ? [] : [reverses],
  );
  for (const some of pieces(originals, IDS_MAX)) {
    const sql = `${SETTLEMENTS_WITH_DOCUMENTS} WHERE s.settlement_id IN (${marks(some)})`;
    keep(await rowsOf<Row>(transaction, sql, some));
  }
  return settlements;
}

async function readState(transaction: Knex.Transaction, rows: readonly Row[], need: FeedNeed): Promise<FeedState> {
  const ids = rows.map((row) => row.person_id as string);
  const { accounts, positions, accumulators } = await readBalances(transaction, ids);
  const events = await readEvents(transaction, ids, positions, need);
  const persons = rows.map((row): [string, FedPerson] => {
    const id = row.person_id as string;
    const account = accounts.get(id);
    return [
      id,
      {
        homeRegion: row.home_region as string,
        scheme: row.scheme as Scheme,
        copiedAtMs: exactInteger(row.copied_at_ms),
        facts: row.facts === undefined ? undefined : (JSON.parse(row.facts as string) as FedPerson['facts']),
        position: positions.get(id) ?? 0,
        balances: {
          accumulators: accumulators.get(id) ?? {},
          accounts: {
            current: exactInteger(account?.current_fen ?? 0),
            carried: exactInteger(account?.carried_fen ?? 0),
          },
        },
        events: [...(events.get(id)?.values() ?? [])],
      },
    ];
  });
  const byId = await inPieces(need.eventIds, (some) =>
    transaction<Row>('accumulator_event').where('home_region', need.region).whereIn('event_id', some).select(),
  );
  return {
    persons: new Map(persons),
    eventsById: new Map(byId.map((row) => [row.event_id as string, eventOf(row)])),
    settlements: await readSettlements(transaction, need),
  };
}

function checkWrites({ accounts, accumulators, positions }: FeedWrites): void {
  const amounts = [
    ...accounts.flatMap(({ current, carried }) => [current, carried]),
    ...accumulators.flatMap(({ amounts: names }) => Object.values(names)),
    ...positions.map(({ sequence }) => sequence),
  ];
  invariant(
    amounts.every((amount) => Number.isSafeInteger(amount) && amount >= 0),
    'balances of a copy are integers and never below 0',
  );
}

async function write(transaction: Knex.Transaction, region: string, writes: FeedWrites): Promise<void> {
  checkWrites(writes);
  const { persons, accounts, accumulators, positions, events } = writes;
  await insertFast(
    transaction,
    PERSON,
    persons.map(({ person, copiedAtMs }) => [...personValues(person), copiedAtMs]),
  );
  await insertFast(
    transaction,
    ACCOUNT,
    accounts.map(({ personId, current, carried }) => [personId, current, carried]),
  );
  await insertFast(
    transaction,
    ACCUMULATOR,
    accumulators.map(({ personId, bucket, amounts }) => [personId, bucket, JSON.stringify(amounts), 0]),
  );
  await insertFast(
    transaction,
    POSITION,
    positions.map(({ personId, sequence }) => [personId, sequence]),
  );
  await insertFast(
    transaction,
    EVENT,
    events.map(({ event, receivedAtMs }) => [
      event.personId,
      event.sequence,
      region,
      event.eventId,
      event.contentHash,
      JSON.stringify(event.change),
      event.state,
      event.reason ?? null,
      event.occurredAtMs,
      receivedAtMs,
    ]),
  );
}

async function stateOf(knex: Knex): Promise<readonly CopyState[]> {
  const persons = await rowsOf<Row>(
    knex,
    'SELECT home_region, MIN(copied_at_ms) AS oldest FROM person GROUP BY home_region',
  );
  const events = await rowsOf<Row>(
    knex,
    `SELECT home_region, state, COUNT(*) AS events FROM accumulator_event
     WHERE state IN ('waiting', 'refused') GROUP BY home_region, state`,
  );
  const count = (region: unknown, state: EventState): number =>
    exactInteger(events.find((row) => row.home_region === region && row.state === state)?.events ?? 0);
  return persons.map((row) => ({
    region: row.home_region as string,
    oldestCopyMs: exactInteger(row.oldest),
    eventsWaiting: count(row.home_region, 'waiting'),
    eventsRefused: count(row.home_region, 'refused'),
  }));
}

export function createCopyStore(knex: Knex): CopyStore {
  async function once<T>(need: FeedNeed, decide: (state: FeedState) => { writes: FeedWrites; result: T }): Promise<T> {
    const ids = [...new Set(need.personIds)].sort();
    return inTransaction(knex, async (transaction) => {
      // SQLite must write before it reads, or another process could do so in between.
      if (!isMysql(transaction)) await transaction.raw('DELETE FROM person WHERE person_id IS NULL');
      const { rows, made } = await lockPersons(transaction, ids, need);
      const { writes, result } = decide(await readState(transaction, rows, need));
      await write(transaction, need.region, writes);
      const kept = new Set(writes.persons.map(({ person }) => person.id));
      const unused = made.filter((id) => !kept.has(id));
      if (unused.length > 0) await transaction('person').whereIn('person_id', unused).delete();
      return result;
    });
  }

  return {
    feed: (need, decide) =>
      retryContention(
        () => once(need, decide),
        (error) => isContention(error) || isUniqueConflict(error),
      ),

    async personIds(region, after, limit) {
      const rows = await rowsOf<Row>(
        knex,
        'SELECT person_id FROM person WHERE home_region = ? AND person_id > ? ORDER BY person_id LIMIT ?',
        [region, after, limit],
      );
      return rows.map((row) => row.person_id as string);
    },

    state: () => stateOf(knex),

    async asOf(personId) {
      const [row] = await rowsOf<Row>(
        knex,
        `SELECT p.copied_at_ms, f.caught_up_at_ms FROM person p
         LEFT JOIN feed f ON f.region = p.home_region AND f.feed = 'persons' WHERE p.person_id = ?`,
        [personId],
      );
      if (row === undefined) return undefined;
      const copiedAtMs = exactInteger(row.copied_at_ms);
      return copiedAtMs === 0 ? 0 : Math.max(copiedAtMs, exactInteger(row.caught_up_at_ms ?? 0));
    },
  };
}
