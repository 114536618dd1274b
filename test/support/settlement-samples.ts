import type {
  Need,
  OutboxMessage,
  PersonImport,
  SettlementRow,
  State,
  StoredSettlement,
  Writes,
} from '../../src/app/ports.ts';
import type { Provisional } from '../../src/app/standin/ports.ts';
import { postingsOf } from '../../src/core/ledger/postings.ts';

/** A person insured in Wujiang, with money in the account. */
export function samplePerson(id: string, changes: Partial<PersonImport['person']> = {}): PersonImport {
  return {
    person: {
      id,
      homeRegion: '320509',
      scheme: 'employee',
      name: '沈小芬',
      birthDate: '1961-05-06',
      status: 'retired',
      retiredOn: '2016-05-06',
      severeDisability: false,
      student: false,
      familyDoctor: true,
      civilServant: false,
      medicalAid: 'none',
      coverage: [{ from: '2000-01-01', to: undefined, state: 'active' }],
      registrations: [{ disease: 'M07801', from: '2026-01-01', to: undefined, periodsFrom: '2026-01-01' }],
      filings: [],
      sharesAccountWith: [],
      ...changes,
    },
    accounts: { current: 1_000_000, carried: 500_000 },
    accumulators: {},
  };
}

const SPLIT = { total: 12_345, fullSelfPay: 1_000, overLimit: 45, firstSelfPay: 1_300, eligible: 10_000 };
const FUNDS = { pool: 7_000, largeCost: 0, seriousIllness: 500, civilServant: 0, medicalAid: 0 };

let made = 0;

/** A settlement whose amounts fulfil every identity: 123.45 yuan, 75.00 of them from funds. */
export function sampleSettlement(changes: Partial<SettlementRow> = {}): StoredSettlement {
  made += 1;
  const row: SettlementRow = {
    settlementId: `s${String(made).padStart(17, '0')}`,
    institutionId: 'H31011800001',
    billNumber: `MZ-${made}`,
    attempt: 1,
    requestKey: '',
    contentHash: 'c'.repeat(64),
    reverses: undefined,
    personId: 'p1',
    homeRegion: '320509',
    treatmentRegion: '310118',
    scheme: 'employee',
    benefit: 'outpatient',
    windowId: 1,
    visitDate: '2026-11-24',
    settledOn: '2026-11-24',
    settledAtMs: 1_795_000_000_000,
    ...SPLIT,
    funds: FUNDS,
    fundTotal: 7_500,
    personTotal: 4_845,
    account: 2_000,
    cash: 2_845,
    ...changes,
  };
  return { row, document: JSON.stringify({ of: row.settlementId, note: '甲类 "quoted" \\ it\'s' }) };
}

/** The exact negative of a settlement. */
export function sampleReversal({ row }: StoredSettlement, windowId = row.windowId): StoredSettlement {
  const { funds, ...rest } = row;
  const negated = Object.fromEntries(
    [...Object.keys(SPLIT), 'fundTotal', 'personTotal', 'account', 'cash'].map((key) => [
      key,
      0 - rest[key as keyof typeof SPLIT],
    ]),
  );
  return sampleSettlement({
    ...rest,
    ...negated,
    funds: Object.fromEntries(Object.entries(funds).map(([fund, amount]) => [fund, 0 - amount])) as typeof funds,
    settlementId: `${row.settlementId}r`,
    attempt: -row.attempt,
    reverses: row.settlementId,
    windowId,
  });
}

/** The advice that goes with a settlement. */
export function sampleAdvice({ settlementId, homeRegion, personId, settledAtMs }: SettlementRow): OutboxMessage {
  return {
    messageId: settlementId,
    partnerRegion: homeRegion,
    topic: 'settlement',
    subjectId: settlementId,
    orderKey: personId,
    createdAtMs: settledAtMs,
  };
}

/** A provisional settlement of 75.00 and 20.00 from the account. */
export function sampleProvisional(changes: Partial<Provisional> = {}): Provisional {
  made += 1;
  return {
    settlementId: `s${String(made).padStart(17, '0')}`,
    homeRegion: '320509',
    personId: 'p1',
    day: '2026-11-24',
    amount: 9_500,
    reason: 'PARTNER_TIMEOUT',
    copiedAtMs: 1,
    settledAtMs: 1_795_000_000_000,
    state: 'provisional',
    resolvedAtMs: undefined,
    correctedBy: undefined,
    difference: undefined,
    ...changes,
  };
}

/** All that a transaction writes for settlements: postings and advices too, accumulators and accounts as given. */
export function writesFor(
  settlements: readonly StoredSettlement[],
  rest: Partial<Pick<Writes, 'accumulators' | 'accounts' | 'provisionals'>> = {},
): Writes {
  return {
    settlements,
    postings: settlements.flatMap(({ row }) =>
      postingsOf({ ...row, personal: [{ personId: row.personId, amount: row.account }] }).map((posting, leg) => ({
        ...posting,
        entryId: row.settlementId,
        leg,
        windowId: row.windowId,
      })),
    ),
    accumulators: [],
    accounts: [],
    outbox: settlements.map(({ row }) => sampleAdvice(row)),
    ...rest,
  };
}

/** A need for persons, and the bills of settlements. */
export function needFor(personIds: readonly string[], settlements: readonly StoredSettlement[] = []): Need {
  return {
    personIds,
    billKeys: settlements.map(({ row }) => `${row.institutionId}/${row.billNumber}`),
  };
}

/** A decision that writes settlements into the window that is open. */
export function writing(make: (windowId: number) => readonly StoredSettlement[]) {
  return ({ windowId }: State): { writes: Writes; result: readonly StoredSettlement[] } => {
    const settlements = make(windowId);
    return { writes: writesFor(settlements), result: settlements };
  };
}
