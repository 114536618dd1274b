import type { BenefitKind, Fund, Scheme } from '../../core/policy/terms.ts';
import type { PersonRecord, PersonState, SettlementRow, State, StoredSettlement, Writes } from '../../app/ports.ts';
import type { Provisional } from '../../app/standin/ports.ts';
import { AppError } from '../../platform/errors.ts';
import { exactInteger } from '../engine/exact-integer.ts';
import type { Row } from '../engine/raw-rows.ts';
import type { SqlValue } from '../engine/sql-text.ts';

/** Where a settlement keeps what each fund pays. */
export const FUND_COLUMNS: Readonly<Record<Fund, string>> = {
  pool: 'pool_fen',
  largeCost: 'large_cost_fen',
  seriousIllness: 'serious_illness_fen',
  civilServant: 'civil_servant_fen',
  medicalAid: 'medical_aid_fen',
};

const SETTLEMENT_COLUMNS = [
  'settlement_id',
  'institution_id',
  'bill_key',
  'attempt',
  'request_key',
  'content_hash',
  'reverses',
  'person_id',
  'home_region',
  'treatment_region',
  'scheme',
  'benefit',
  'window_id',
  'visit_date',
  'settled_on',
  'settled_at_ms',
  'total_fen',
  'full_self_pay_fen',
  'over_limit_fen',
  'first_self_pay_fen',
  'eligible_fen',
  'pool_fen',
  'large_cost_fen',
  'serious_illness_fen',
  'civil_servant_fen',
  'medical_aid_fen',
  'fund_total_fen',
  'person_total_fen',
  'account_fen',
  'cash_fen',
] as const;

function settlementValues(row: SettlementRow): SqlValue[] {
  return [
    row.settlementId,
    row.institutionId,
    `${row.institutionId}/${row.billNumber}`,
    row.attempt,
    row.requestKey,
    row.contentHash,
    row.reverses ?? null,
    row.personId,
    row.homeRegion,
    row.treatmentRegion,
    row.scheme,
    row.benefit,
    row.windowId,
    row.visitDate,
    row.settledOn,
    row.settledAtMs,
    row.total,
    row.fullSelfPay,
    row.overLimit,
    row.firstSelfPay,
    row.eligible,
    row.funds.pool,
    row.funds.largeCost,
    row.funds.seriousIllness,
    row.funds.civilServant,
    row.funds.medicalAid,
    row.fundTotal,
    row.personTotal,
    row.account,
    row.cash,
  ];
}

/** A row of SETTLEMENTS_WITH_DOCUMENTS back into what was written. */
export function settlementOf(record: Row): StoredSettlement {
  const fen = (column: string): number => exactInteger(record[column]);
  const institutionId = record.institution_id as string;
  const row: SettlementRow = {
    settlementId: record.settlement_id as string,
    institutionId,
    billNumber: (record.bill_key as string).slice(institutionId.length + 1),
    attempt: fen('attempt'),
    requestKey: record.request_key as string,
    contentHash: record.content_hash as string,
    reverses: (record.reverses as string | null) ?? undefined,
    personId: record.person_id as string,
    homeRegion: record.home_region as string,
    treatmentRegion: record.treatment_region as string,
    scheme: record.scheme as Scheme,
    benefit: record.benefit as BenefitKind,
    windowId: fen('window_id'),
    visitDate: record.visit_date as string,
    settledOn: record.settled_on as string,
    settledAtMs: fen('settled_at_ms'),
    total: fen('total_fen'),
    fullSelfPay: fen('full_self_pay_fen'),
    overLimit: fen('over_limit_fen'),
    firstSelfPay: fen('first_self_pay_fen'),
    eligible: fen('eligible_fen'),
    funds: {
      pool: fen('pool_fen'),
      largeCost: fen('large_cost_fen'),
      seriousIllness: fen('serious_illness_fen'),
      civilServant: fen('civil_servant_fen'),
      medicalAid: fen('medical_aid_fen'),
    },
    fundTotal: fen('fund_total_fen'),
    personTotal: fen('person_total_fen'),
    account: fen('account_fen'),
    cash: fen('cash_fen'),
  };
  return { row, document: record.document as string };
}

const WITH_DOCUMENTS = `SELECT ${SETTLEMENT_COLUMNS.map((column) => `s.${column}`).join(',')},d.document FROM settlement s`;

/** Settlements with their documents, to be followed by WHERE and ORDER BY on `s`. */
export const SETTLEMENTS_WITH_DOCUMENTS = `${WITH_DOCUMENTS}
  JOIN settlement_document d ON d.settlement_id = s.settlement_id`;

/**
 * The same for MariaDB, found by an index of settlements: while both tables grow from nothing its statistics now and then
 * say that reading all documents first is less, which then costs a batch many times as much.
 */
export function settlementsWithDocumentsBy(index: 'settlement_bill' | 'settlement_person'): string {
  return `${WITH_DOCUMENTS} FORCE INDEX (${index})
    STRAIGHT_JOIN settlement_document d FORCE INDEX (PRIMARY) ON d.settlement_id = s.settlement_id`;
}

/** What a person's columns hold, and what their `facts` do. */
export function personValues({ id, homeRegion, scheme, name, ...facts }: PersonRecord): SqlValue[] {
  return [id, homeRegion, scheme, name, JSON.stringify(facts)];
}

function personOf(record: Row): PersonRecord {
  const facts = JSON.parse(record.facts as string) as Omit<PersonRecord, 'id' | 'homeRegion' | 'scheme' | 'name'>;
  return {
    id: record.person_id as string,
    homeRegion: record.home_region as string,
    scheme: record.scheme as Scheme,
    name: record.name as string,
    ...facts,
  };
}

/** Persons with their accounts and, in other rows, their accumulators, put together by id. */
export function personStates(persons: readonly Row[], accumulators: readonly Row[]): Map<string, PersonState> {
  const buckets = new Map<string, Record<string, Record<string, number>>>();
  const states = new Map<string, PersonState>();
  for (const record of persons) {
    const person = personOf(record);
    const own = {};
    buckets.set(person.id, own);
    const [current, carried] = [exactInteger(record.current_fen), exactInteger(record.carried_fen)];
    // 0: never handed over by a fund.
    const copiedAtMs = exactInteger(record.copied_at_ms ?? 0) || undefined;
    states.set(person.id, { person, accounts: { current, carried, family: 0 }, accumulators: own, copiedAtMs });
  }
  for (const record of accumulators) {
    const own = buckets.get(record.person_id as string);
    if (own !== undefined)
      own[record.bucket as string] = JSON.parse(record.amounts as string) as Record<string, number>;
  }
  return states;
}

/** The rows that answer a Need. */
export interface StateRows {
  readonly window: readonly Row[];
  readonly persons: readonly Row[];
  readonly accumulators: readonly Row[];
  readonly attempts: readonly Row[];
  readonly history: readonly Row[];
}

/** @throws AppError NO_OPEN_WINDOW before the first window was opened */
export function stateOf(rows: StateRows): State {
  const windowId = rows.window[0]?.window_id;
  if (windowId === undefined) {
    throw new AppError('NO_OPEN_WINDOW', 'no clearing window is open', {
      status: 503,
      retryable: true,
      help: 'the engine opens its first window when it starts',
    });
  }
  const attempts = new Map<string, StoredSettlement[]>();
  for (const record of rows.attempts) {
    const settlement = settlementOf(record);
    const key = record.bill_key as string;
    const known = attempts.get(key);
    if (known === undefined) attempts.set(key, [settlement]);
    else known.push(settlement);
  }
  return {
    windowId: exactInteger(windowId),
    persons: personStates(rows.persons, rows.accumulators),
    attempts,
    history: rows.history.map(settlementOf),
  };
}

const PROVISIONAL_COLUMNS = [
  'settlement_id',
  'home_region',
  'person_id',
  'day',
  'amount_fen',
  'reason',
  'copied_at_ms',
  'settled_at_ms',
  'state',
  'resolved_at_ms',
  'corrected_by',
  'difference_fen',
] as const;

function provisionalValues(entry: Provisional): SqlValue[] {
  const { settlementId, homeRegion, personId, day, amount, reason, copiedAtMs, settledAtMs, state } = entry;
  const after = [state, entry.resolvedAtMs ?? null, entry.correctedBy ?? null, entry.difference ?? null];
  return [settlementId, homeRegion, personId, day, amount, reason, copiedAtMs, settledAtMs, ...after];
}

/** How a table of the write path is written. A row that is there already is replaced where `replaces` says so. */
export interface WrittenTable {
  readonly table: string;
  readonly columns: readonly string[];
  readonly replaces?: {
    readonly key: readonly string[];
    readonly columns: readonly string[];
    readonly counts?: string;
  };
}

/** The tables in the order in which they are written, with their rows. */
export const WRITTEN_TABLES: readonly (WrittenTable & { readonly rowsOf: (writes: Writes) => SqlValue[][] })[] = [
  {
    table: 'settlement',
    columns: SETTLEMENT_COLUMNS,
    rowsOf: ({ settlements }) => settlements.map(({ row }) => settlementValues(row)),
  },
  {
    table: 'settlement_document',
    columns: ['settlement_id', 'document'],
    rowsOf: ({ settlements }) => settlements.map(({ row, document }) => [row.settlementId, document]),
  },
  {
    table: 'posting',
    columns: ['entry_id', 'leg', 'window_id', 'book', 'account', 'party', 'amount_fen'],
    rowsOf: ({ postings }) =>
      postings.map((leg) => [leg.entryId, leg.leg, leg.windowId, leg.book, leg.account, leg.party, leg.amount]),
  },
  {
    table: 'outbox',
    columns: ['message_id', 'partner_region', 'topic', 'subject_id', 'order_key', 'created_at_ms'],
    rowsOf: ({ outbox }) =>
      outbox.map((message) => [
        message.messageId,
        message.partnerRegion,
        message.topic,
        message.subjectId,
        message.orderKey,
        message.createdAtMs,
      ]),
  },
  {
    table: 'accumulator',
    columns: ['person_id', 'bucket', 'amounts', 'raises'],
    replaces: { key: ['person_id', 'bucket'], columns: ['amounts'], counts: 'raises' },
    rowsOf: ({ accumulators }) =>
      accumulators.map(({ personId, bucket, amounts }) => [personId, bucket, JSON.stringify(amounts), 1]),
  },
  {
    table: 'account',
    columns: ['person_id', 'current_fen', 'carried_fen'],
    replaces: { key: ['person_id'], columns: ['current_fen', 'carried_fen'] },
    rowsOf: ({ accounts }) => accounts.map(({ personId, current, carried }) => [personId, current, carried]),
  },
  {
    table: 'provisional_settlement',
    columns: PROVISIONAL_COLUMNS,
    replaces: { key: ['settlement_id'], columns: ['state', 'resolved_at_ms', 'corrected_by', 'difference_fen'] },
    rowsOf: ({ provisionals = [] }) => provisionals.map(provisionalValues),
  },
];
