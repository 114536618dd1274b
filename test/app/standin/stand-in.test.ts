import { beforeEach, expect, it } from 'vitest';
import { takePersons } from '../../../src/app/funds/take-persons.ts';
import type { PersonCopy } from '../../../src/app/funds/ports.ts';
import type { BillCommand } from '../../../src/app/settlement/judge-bill.ts';
import { reverseSettlement } from '../../../src/app/settlement/reverse-settlement.ts';
import { settleBills, type SettleOutcome } from '../../../src/app/settlement/settle-bills.ts';
import type { CaseToOpen, FundTerms } from '../../../src/app/standin/ports.ts';
import { resolveProvisionals } from '../../../src/app/standin/resolve-provisionals.ts';
import { settleAskingHome } from '../../../src/app/standin/settle-asking-home.ts';
import { createStandInDesk } from '../../../src/app/standin/stand-in-desk.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { remindersJob } from '../../../src/jobs/casework-job.ts';
import { AppError } from '../../../src/platform/errors.ts';
import { createIdSource } from '../../../src/platform/ids.ts';
import { smallCommand } from '../../support/bills.ts';
import { caseworkDeps } from '../../support/casework-deps.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { fakeClock, type FakeClock } from '../../support/fake-clock.ts';
import { samplePerson } from '../../support/settlement-samples.ts';
import { smallRulebook } from '../../support/small-rules.ts';

const rulebook = smallRulebook(`
benefits:
  outpatient:
    deductible: { form: yearly, amount: 100, accumulator: deducted }
    bands: { measure: afterDeductible, ratio: 0.80 }
`);
const HOME = '320509';
const YEAR = '2026-01-01';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const TERMS: FundTerms = {
  region: HOME,
  freshEligibility: true,
  copyAgeMaxMs: DAY,
  deadlineMs: 800,
  standIn: { amountMax: 100_000, copyAgeMaxMs: 30 * DAY, exposurePerDayMax: 200_000 },
  confirmWithinMs: 7 * DAY,
};

describeEachDatabase('standing in for a home fund', (open) => {
  let database: Database;
  let clock: FakeClock;
  let fund: {
    error: AppError | undefined;
    asked: string[];
    nonsense: Set<string>;
    says: Map<string, Omit<PersonCopy, 'asOfMs'>>;
  };
  let cases: CaseToOpen[];
  let bills = 0;
  let dying = false;
  const newId = createIdSource(() => Date.now());

  beforeEach(async () => {
    database = await open();
    clock = fakeClock('2026-11-24 10:00');
    fund = { error: undefined, asked: [], nonsense: new Set(), says: new Map() };
    cases = [];
    dying = false;
  });

  const silent = (): AppError => new AppError('PARTNER_TIMEOUT', 'no answer', { status: 504, retryable: true });

  /** A person whose copy is so many hours old. */
  async function person(copyAgeHours: number): Promise<string> {
    const id = `p-${newId()}`;
    const { person: record } = samplePerson(id);
    fund.says.set(id, { person: record, balances: undefined });
    await database.personStore.importPersons([samplePerson(id)]);
    await feed({ person: record, balances: undefined, asOfMs: clock.now() - copyAgeHours * HOUR });
    return id;
  }

  async function feed(copy: PersonCopy): Promise<void> {
    const deps = { copies: database.copyStore, rulebook: () => rulebook, clock };
    const [taken] = await takePersons(deps, HOME, [copy]);
    expect(taken).toMatchObject({ kind: 'taken' });
  }

  const freshLook = {
    async refresh(_region: string, personId: string): Promise<boolean> {
      fund.asked.push(personId);
      if (fund.error !== undefined) throw fund.error;
      if (fund.nonsense.has(personId)) throw new AppError('PERSON_NOT_TAKEN', 'no', { status: 502, retryable: true });
      const says = fund.says.get(personId);
      if (says !== undefined) await feed({ ...says, asOfMs: clock.now() });
      return says !== undefined;
    },
  };

  /** One process: its desk, and settling through it. */
  function process(terms: FundTerms = TERMS) {
    const desk = createStandInDesk({ terms: () => terms, provisionals: database.provisionalStore });
    const { settlementStore: store, settlementQueries: queries, provisionalStore: provisionals } = database;
    const deps = { store, queries, rulebook: () => rulebook, clock, newId, standIn: desk };
    const opened = {
      open(about: CaseToOpen) {
        if (dying) return Promise.reject(new Error('died'));
        const isThere = cases.some((one) => one.reason === about.reason && one.subjectId === about.subjectId);
        if (!isThere) cases.push(about);
        return Promise.resolve();
      },
    };
    const settle = async (command: BillCommand): Promise<SettleOutcome> => (await settleBills(deps, [command]))[0]!;
    const asking = { settle, freshLook, terms: () => terms, cases: opened };
    return {
      desk,
      deps,
      settle: (id: string, amount: number, billNumber = `S-${bills++}`) => {
        clock.advance(1);
        return settleAskingHome(asking, smallCommand(billNumber, id, amount));
      },
      resolve: () => {
        clock.advance(1);
        return resolveProvisionals({ ...deps, ...asking, provisionals }, HOME);
      },
    };
  }

  async function settledId(outcome: Promise<SettleOutcome>): Promise<string> {
    const became = await outcome;
    if (became.kind !== 'settled') throw new Error(`expected a settlement, got ${JSON.stringify(became)}`);
    return became.settlement.row.settlementId;
  }

  const provisional = async (id: string) => (await database.provisionalStore.byIds([id]))[0];
  const deducted = async (id: string) => (await database.personStore.find(id))?.accumulators[YEAR]?.['deducted'];

  it('asks nobody about a copy that is fresh', async () => {
    const { settle } = process();
    expect(await settle(await person(23), 50_000)).toMatchObject({ kind: 'settled', provisional: undefined });
    expect(fund.asked).toEqual([]);
  });

  it('asks about an old copy first, and settles from the answer', async () => {
    const id = await person(25);
    const { person: record } = samplePerson(id);
    fund.says.set(id, { person: record, balances: balances(10_000) });
    const outcome = await process().settle(id, 50_000);
    // The deductible is used up at home: 500 × 0.8.
    expect(outcome).toMatchObject({ kind: 'settled', provisional: undefined, verdict: { fundTotal: 40_000 } });
    expect(fund.asked).toEqual([id]);
    expect(await process().settle(id, 50_000)).toMatchObject({ kind: 'settled' });
    expect(fund.asked).toHaveLength(1);
  });

  function balances(already: number): PersonCopy['balances'] {
    return {
      accumulators: { [YEAR]: { deducted: already } },
      accounts: { current: 1_000_000, carried: 500_000 },
      contains: { eventSequence: 0, lastAdvice: undefined },
    };
  }

  it('refuses a person whom the fund does not know', async () => {
    const id = await person(25);
    fund.says.delete(id);
    expect(await process().settle(id, 50_000)).toEqual({ kind: 'unknownPerson', field: 'personId' });
  });

  it('settles provisionally while the fund is silent, and confirms when it is back', async () => {
    const id = await person(25);
    fund.error = silent();
    const { settle, resolve } = process();
    const first = await settledId(settle(id, 50_000));
    expect(await provisional(first)).toMatchObject({
      homeRegion: HOME,
      day: '2026-11-24',
      amount: 32_000,
      reason: 'PARTNER_TIMEOUT',
      state: 'provisional',
    });
    expect(await database.provisionalStore.exposures()).toEqual([
      { region: HOME, day: '2026-11-24', amount: 32_000, settlements: 1 },
    ]);
    expect(await resolve()).toEqual({ resolved: 0, more: false, partnerDown: true });
    fund.error = undefined;
    expect(await resolve()).toEqual({ resolved: 1, more: false, partnerDown: false });
    expect(await provisional(first)).toMatchObject({ state: 'confirmed', difference: undefined });
    expect(await database.provisionalStore.exposures()).toEqual([]);
    expect(await database.provisionalStore.takenOn(HOME, '2026-11-24')).toBe(32_000);
    expect(await resolve()).toEqual({ resolved: 0, more: false, partnerDown: false });
    expect(cases).toEqual([]);
  });

  it('corrects what came out otherwise, in order, with the difference the patient pays', async () => {
    const id = await person(25);
    fund.error = silent();
    const { settle, resolve, deps } = process();
    const first = await settledId(settle(id, 8_000));
    const second = await settledId(settle(id, 50_000));
    expect(await deducted(id)).toBe(10_000);
    // 60 of the deductible were used up at home: of 80 the fund pays 32, and of 500 all counts.
    fund.error = undefined;
    fund.says.set(id, { person: samplePerson(id).person, balances: balances(6_000) });
    expect(await resolve()).toMatchObject({ resolved: 2 });

    const [one, two] = [await provisional(first), await provisional(second)];
    expect([one, two]).toMatchObject([
      { state: 'corrected', difference: -3_200 },
      { state: 'corrected', difference: -1_600 },
    ]);
    expect(await deducted(id)).toBe(10_000);
    const rows = await database.settlementQueries.byBill('H33042100001', `S-${bills - 2}`);
    expect(rows.map(({ row }) => [row.attempt, row.fundTotal, row.cash])).toEqual([
      [1, 0, 8_000],
      [-1, 0, -8_000],
      [2, 3_200, 4_800],
    ]);
    expect(rows[2]!.row.settlementId).toBe(one!.correctedBy);
    expect(await database.settlementQueries.unbalanced()).toEqual([]);
    const due = await database.outboxStore.due(HOME, clock.now(), 20);
    expect(due.map(({ topic, orderKey }) => [topic, orderKey === id])).toEqual([
      ['settlement', true],
      ['settlement', true],
      ['reversal', true],
      ['settlement', true],
      ['reversal', true],
      ['settlement', true],
    ]);
    // The correction can be reversed like any settlement.
    const command = { institutionId: 'H33042100001', settlementId: two!.correctedBy!, reason: 'entered twice' };
    expect(await reverseSettlement(deps, command)).toMatchObject({ kind: 'reversed' });
    expect(await deducted(id)).toBe(10_000);
  });

  it('takes back what the fund would have rejected, and hands it over', async () => {
    const id = await person(25);
    fund.error = silent();
    const { settle, resolve } = process();
    const first = await settledId(settle(id, 50_000));
    fund.error = undefined;
    const suspended = samplePerson(id, { coverage: [{ from: '2000-01-01', to: undefined, state: 'suspended' }] });
    fund.says.set(id, { person: suspended.person, balances: undefined });
    await resolve();
    const found = await provisional(first);
    expect(found).toMatchObject({ state: 'corrected', correctedBy: undefined, difference: 32_000 });
    expect(cases).toMatchObject([{ reason: 'correctionRejected', subjectId: first, homeRegion: HOME }]);
    expect(await database.settlementQueries.totals()).toMatchObject({ settlements: 1, reversals: 1, fundTotal: 0 });
    expect((await deducted(id)) ?? 0).toBe(0);
  });

  it('opens the case of what it took back once, also when it died before', async () => {
    const id = await person(25);
    fund.error = silent();
    const { settle, resolve } = process();
    const first = await settledId(settle(id, 50_000));
    const other = await settledId(settle(await person(25), 5_000));
    fund.error = undefined;
    const suspended = samplePerson(id, { coverage: [{ from: '2000-01-01', to: undefined, state: 'suspended' }] });
    fund.says.set(id, { person: suspended.person, balances: undefined });
    dying = true;
    await expect(resolve()).rejects.toThrow('died');
    dying = false;
    expect(await provisional(first)).toMatchObject({ state: 'corrected', correctedBy: undefined });
    await resolve();
    expect(cases, 'it is not open any more').toEqual([]);
    expect(await provisional(other)).toMatchObject({ state: 'confirmed' });

    const casework = caseworkDeps(database, clock.now());
    const { provisionalStore: provisionals, settlementQueries: queries } = database;
    const job = remindersJob({ ...casework, provisionals, queries });
    const morning = () => job.work({ token: 1, signal: new AbortController().signal }, () => Promise.resolve());
    const opened = () => database.caseStore.list({ region: HOME, limit: 9 });
    await morning();
    const [record] = await opened();
    await morning();
    expect(await opened()).toEqual([record]);
    expect(record).toMatchObject({ reason: 'correctionRejected', subjectId: first, personId: id, claimed: 32_000 });
    // It says what it would have said at once.
    expect(record!.reasonText).toMatch(/^COVERAGE_SUSPENDED: .+; the patient owes 320\.00$/);
  });

  it('hands over what a later, proper settlement rests on, and changes nothing', async () => {
    const id = await person(25);
    const { person: record } = samplePerson(id);
    await feed({ person: record, balances: balances(10_000), asOfMs: clock.now() - 25 * HOUR + 1 });
    fund.error = silent();
    const { settle, resolve } = process();
    const first = await settledId(settle(id, 8_000));
    // At home the deductible was not used after all: the first bill would have used it, and the second less of it.
    fund.error = undefined;
    fund.says.set(id, { person: record, balances: balances(0) });
    await settledId(settle(id, 50_000));
    // Its case comes before it is let go of: a round that dies in between is done again.
    dying = true;
    await expect(resolve()).rejects.toThrow('died');
    dying = false;
    expect(await provisional(first)).toMatchObject({ state: 'provisional' });
    await resolve();
    await resolve();
    expect(await provisional(first)).toMatchObject({ state: 'expired', correctedBy: undefined });
    expect(cases).toMatchObject([{ reason: 'correctionBlocked', subjectId: first }]);
    expect(await database.settlementQueries.totals()).toMatchObject({ settlements: 2, reversals: 0 });
    expect(await deducted(id)).toBe(10_000);
  });

  it('is done with a provisional settlement that was reversed meanwhile', async () => {
    const id = await person(25);
    fund.error = silent();
    const { settle, resolve, deps } = process();
    const first = await settledId(settle(id, 50_000));
    const command = { institutionId: 'H33042100001', settlementId: first, reason: 'entered twice' };
    await reverseSettlement(deps, command);
    fund.error = undefined;
    await resolve();
    expect(await provisional(first)).toMatchObject({ state: 'confirmed' });
    expect(await database.settlementQueries.totals()).toMatchObject({ settlements: 1, reversals: 1 });
  });

  it('hands over what the fund says nothing about in its term', async () => {
    const id = await person(25);
    fund.error = silent();
    const { settle, resolve } = process();
    const first = await settledId(settle(id, 50_000));
    clock.advance(7 * DAY);
    await resolve();
    expect(await provisional(first)).toMatchObject({ state: 'expired' });
    expect(cases).toMatchObject([{ reason: 'expiredProvisional', subjectId: first }]);
    expect(await database.provisionalStore.exposures()).toEqual([]);
  });

  it('is held up by no person of whom the fund says what cannot be so; theirs become a case in the end', async () => {
    const ids = [await person(25), await person(25), await person(25)];
    fund.error = silent();
    const { settle, resolve } = process();
    const [bad, ...good] = await Promise.all(ids.map((id) => settledId(settle(id, 50_000))));
    fund.error = undefined;
    fund.nonsense.add(ids[0]!);
    expect(await resolve()).toEqual({ resolved: 2, more: false, partnerDown: false });
    for (const id of good) expect(await provisional(id)).toMatchObject({ state: 'confirmed' });
    expect(await provisional(bad!)).toMatchObject({ state: 'provisional' });
    clock.advance(7 * DAY);
    await resolve();
    expect(await provisional(bad!)).toMatchObject({ state: 'expired' });
    expect(cases).toMatchObject([{ reason: 'expiredProvisional', subjectId: bad }]);
  });

  it('refuses beyond the limits, writes nothing, and opens one case however often the bill comes', async () => {
    fund.error = silent();
    const old = await person(31 * 24);
    const id = await person(25);
    const { settle } = process();
    expect(await settle(old, 50_000)).toMatchObject({ kind: 'standInRefused', limit: 'copyAge' });
    for (let turn = 0; turn < 2; turn++) {
      expect(await settle(id, 200_000, 'TOO-MUCH')).toMatchObject({ kind: 'standInRefused', limit: 'amount' });
    }
    expect(cases.map(({ reason, subjectId }) => [reason, subjectId.replace(/S-\d+$/, 'S')])).toEqual([
      ['standInRefused', 'H33042100001/S'],
      ['standInRefused', 'H33042100001/TOO-MUCH'],
    ]);
    expect(await database.settlementQueries.totals()).toMatchObject({ settlements: 0 });
    fund.error = undefined;
    expect(await settle(id, 200_000, 'TOO-MUCH')).toMatchObject({ kind: 'settled', provisional: undefined });
  });

  it('never passes the limit of a day in one process, and sees what others took on when it reads again', async () => {
    fund.error = silent();
    const ids = await Promise.all(Array.from({ length: 12 }, () => person(25)));
    const [one, other] = [process(), process()];
    // 320 each of 2,000: six fit.
    const outcomes = await Promise.all(ids.slice(0, 9).map((id) => one.settle(id, 50_000)));
    expect(outcomes.filter(({ kind }) => kind === 'settled')).toHaveLength(6);
    expect(outcomes.find(({ kind }) => kind === 'standInRefused')).toMatchObject({ limit: 'exposure' });
    // The other process has not read yet.
    expect(await other.settle(ids[9]!, 50_000)).toMatchObject({ kind: 'settled' });
    await other.desk.refresh(clock.now());
    expect(await other.settle(ids[10]!, 50_000)).toMatchObject({ kind: 'standInRefused', limit: 'exposure' });
    clock.advance(DAY);
    expect(await one.settle(ids[11]!, 50_000)).toMatchObject({ kind: 'settled' });
  });
});
