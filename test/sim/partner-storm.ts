import { createMessageSource } from '../../src/app/outbox/load-messages.ts';
import { applyAccumulatorEvents } from '../../src/app/funds/apply-accumulator-events.ts';
import type { PersonText } from '../../src/app/funds/ports.ts';
import { readPersonCopy } from '../../src/app/funds/read-person-copy.ts';
import { takePersons } from '../../src/app/funds/take-persons.ts';
import type { BillCommand } from '../../src/app/settlement/judge-bill.ts';
import { reverseSettlement } from '../../src/app/settlement/reverse-settlement.ts';
import { settleBills, type SettleOutcome } from '../../src/app/settlement/settle-bills.ts';
import type { CaseToOpen, FreshLook, FundTerms } from '../../src/app/standin/ports.ts';
import { resolveProvisionals } from '../../src/app/standin/resolve-provisionals.ts';
import { settleAskingHome } from '../../src/app/standin/settle-asking-home.ts';
import { createStandInDesk } from '../../src/app/standin/stand-in-desk.ts';
import type { Rulebook } from '../../src/core/policy/rulebook.ts';
import type { Database } from '../../src/db/open-database.ts';
import type { PersonCopyBody } from '../../src/http/schemas/persons.ts';
import type { FundFaultsInput } from '../../src/http/schemas/simulators.ts';
import { createBreakers } from '../../src/partners/breakers.ts';
import { dispatchOutbox, type DispatchDeps } from '../../src/partners/dispatch-outbox.ts';
import { createFundClient } from '../../src/partners/fund-client.ts';
import { createCoalescer } from '../../src/platform/coalescer.ts';
import { AppError } from '../../src/platform/errors.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { shanghaiInstant } from '../../src/platform/instant.ts';
import { createChance, type Chance } from '../../src/simulators/chance.ts';
import { startFundServer, type FundServer } from '../../src/simulators/fund-server.ts';
import { smallBill, smallCommand } from '../support/bills.ts';
import type { FakeClock } from '../support/fake-clock.ts';
import { samplePerson } from '../support/settlement-samples.ts';

/** How large a storm is. */
export interface StormSize {
  readonly bills: number;
  readonly persons: number;
  /** Bills at the same time. */
  readonly width: number;
}

export interface StormDeps {
  readonly database: Database;
  readonly rulebook: Rulebook;
  readonly clock: FakeClock;
  readonly seed: number;
  readonly size: StormSize;
}

export const REGIONS = ['310118', '320509', '330421'] as const;
const HOSPITALS = REGIONS.map((region) => ({ id: `H${region}00001`, region, level: 3, groups: [] }) as const);
const TIMEOUT_MS = 120;
const MINUTE = 60_000;
const BREAKER = { volumeThreshold: 3, errorThresholdPercentage: 50, windowMs: 2_000, resetMs: 40 };

function termsOf(region: string, { persons }: StormSize): FundTerms {
  return {
    region,
    freshEligibility: true,
    copyAgeMaxMs: 60 * MINUTE,
    deadlineMs: TIMEOUT_MS,
    standIn: { amountMax: 400_000, copyAgeMaxMs: 2 * 1440 * MINUTE, exposurePerDayMax: persons * 50_000 },
    confirmWithinMs: 2 * 1440 * MINUTE,
  };
}

export function bodyOf(id: string, asOfMs: number): PersonCopyBody {
  const { id: personId, homeRegion: _region, ...facts } = samplePerson(id).person;
  const spanOf = <T extends { readonly to: unknown }>({ to: _to, ...span }: T) => span;
  return {
    ...facts,
    personId,
    sharesAccountWith: [],
    coverage: facts.coverage.map(spanOf),
    registrations: facts.registrations.map(spanOf),
    filings: [],
    asOf: shanghaiInstant(asOfMs),
    balances: {
      contains: { eventSequence: 0 },
      accounts: { current: '10000.00', carried: '5000.00' },
      accumulators: [],
    },
  };
}

const FAULTS: readonly ((chance: Chance) => FundFaultsInput)[] = [
  () => ({}),
  () => ({}),
  (chance) => ({ latencyMs: chance.between(5, 40) }),
  () => ({ errorRate: 0.5 }),
  () => ({ silent: true }),
  () => ({ down: true }),
  () => ({ wrongAnswer: 'html' }),
  () => ({ wrongAnswer: 'errorInside' }),
  () => ({ duplicate: true, outOfOrder: true }),
];

/** Three counties whose funds come and go, hospitals that go on, and home spending that the engine hears of late. */
export async function createStorm({ database, rulebook, clock, seed, size }: StormDeps) {
  const chance = createChance(seed);
  const newId = createIdSource(() => clock.now());
  const breakers = createBreakers(BREAKER, undefined, () => clock.now());
  const cases = new Map<string, CaseToOpen>();
  const outcomes: Record<string, number> = {};
  const stoodIn: string[] = [];
  const live: { settlementId: string; institutionId: string }[] = [];
  const spendable = new Map<string, { bucket: string; name: string }>();
  const funds = new Map<string, FundServer>();
  const persons = new Map<string, string[]>();
  const { settlementStore: store, settlementQueries: queries, outboxStore: outbox, copyStore: copies } = database;
  let [bills, corrections, deadLetters] = [0, 0, 0];

  for (const region of REGIONS) {
    funds.set(region, await startFundServer({ seed: seed + Number(region), now: () => clock.now(), name: region }));
    const own = Array.from({ length: Math.ceil(size.persons / 3) }, (_, at) => `${region}p${at}`);
    persons.set(region, own);
    funds.get(region)?.members.enrol(own.map((id) => bodyOf(id, clock.now())));
    await take(region, own);
  }

  function fundOf(region: string): FundServer {
    const fund = funds.get(region);
    if (fund === undefined) throw new Error(`there is no fund of ${region}`);
    return fund;
  }

  async function take(region: string, personIds: readonly string[]): Promise<void> {
    const bodies = personIds.flatMap((id) => fundOf(region).members.find(id) ?? []);
    await takeBodies(region, bodies);
  }

  async function takeBodies(region: string, bodies: readonly PersonText[]): Promise<void> {
    const read = bodies.flatMap((body) => {
      const found = readPersonCopy(rulebook, region, body, clock.now());
      if (found.problems !== undefined) throw new Error(JSON.stringify(found.problems));
      return [found.copy];
    });
    const taken = await takePersons({ copies, rulebook: () => rulebook, clock }, region, read);
    const bad = taken.filter(({ kind }) => kind !== 'taken' && kind !== 'outdated');
    if (bad.length > 0) throw new Error(`a copy was not taken: ${JSON.stringify(bad)}`);
  }

  const freshLook: FreshLook = {
    async refresh(region, personId, deadlineMs) {
      const body = await breakers.call(region, 'eligibility', () => look(fundOf(region).url, personId, deadlineMs));
      if (body !== undefined) await takeBodies(region, [body]);
      return body !== undefined;
    },
  };

  const terms = (region: string): FundTerms => termsOf(region, size);
  const desk = createStandInDesk({ terms, provisionals: database.provisionalStore });
  const settleDeps = { store, queries, rulebook: () => rulebook, clock, newId, standIn: desk };
  const opener = {
    open(about: CaseToOpen) {
      cases.set(`${about.reason} ${about.subjectId}`, about);
      return Promise.resolve();
    },
  };
  const settling = createCoalescer({
    lanes: 2,
    batchMax: 16,
    queueMax: 4096,
    run: (batch: readonly BillCommand[]) => settleBills(settleDeps, batch),
  });
  const asking = {
    settle: (command: BillCommand) => settling.submit(command),
    freshLook,
    terms,
    cases: opener,
  };
  const source = createMessageSource({ queries, clearing: database.clearingStore, rulebook: () => rulebook });
  const dispatching = new Map(
    REGIONS.map((region): [string, DispatchDeps] => {
      const client = createFundClient({ region, url: fundOf(region).url, timeoutMs: TIMEOUT_MS }, breakers);
      return [region, { outbox, source, client, clock, random: () => chance.below(1000) / 1000 }];
    }),
  );

  function nextCommand(): BillCommand {
    const home = chance.pick(REGIONS);
    const person = chance.pick(persons.get(home) ?? []);
    const institution = chance.pick(HOSPITALS);
    const amount = chance.hits(20) ? 900_000 : chance.between(1_000, 60_000);
    const item = [...(rulebook.catalogueOn(home, '2026-11-20')?.items.values() ?? [])].find(
      ({ itemClass, priceLimit }) => itemClass === 'A' && priceLimit === undefined,
    );
    const bill = smallBill(amount);
    const lines = bill.lines.map((line) => ({ ...line, code: item?.code, name: item?.name ?? '' }));
    return smallCommand(`W-${bills++}`, person, amount, { institution, bill: { ...bill, lines } });
  }

  function note(outcome: SettleOutcome, { institution }: BillCommand): void {
    const kind = outcome.kind === 'settled' && outcome.provisional !== undefined ? 'provisional' : outcome.kind;
    outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    if (outcome.kind === 'failed') throw outcome.error;
    if (outcome.kind !== 'settled') return;
    const { settlement, verdict } = outcome;
    if (kind === 'provisional') stoodIn.push(settlement.row.settlementId);
    live.push({ settlementId: settlement.row.settlementId, institutionId: institution.id });
    const deducted = verdict.accumulators.find(({ name }) => /deducted/i.test(name));
    if (deducted !== undefined) spendable.set(settlement.row.homeRegion, deducted);
  }

  async function reverseOne(): Promise<void> {
    if (live.length === 0) return;
    const [one] = live.splice(chance.below(live.length), 1);
    if (one === undefined) return;
    try {
      const { kind } = await reverseSettlement(settleDeps, { ...one, reason: 'entered twice' });
      outcomes[`reversal ${kind}`] = (outcomes[`reversal ${kind}`] ?? 0) + 1;
    } catch (error) {
      if (!(error instanceof AppError) || error.status !== 409) throw error;
      outcomes[error.code] = (outcomes[error.code] ?? 0) + 1;
    }
  }

  /** Somebody pays at home, gets poor or rich, loses their coverage or has it again; the engine hears of it later. */
  function liveAtHome(): void {
    const region = chance.pick(REGIONS);
    const personId = chance.pick(persons.get(region) ?? []);
    const { members } = fundOf(region);
    const where = spendable.get(region);
    if (chance.hits(300)) {
      const { balances: _balances, ...body } = members.find(personId) ?? bodyOf(personId, clock.now());
      const state = chance.hits(100) ? ('suspended' as const) : ('active' as const);
      const medicalAid = chance.hits(500) ? ('lowIncome' as const) : ('none' as const);
      members.enrol([{ ...body, medicalAid, coverage: [{ from: '2000-01-01', state }] }]);
    } else if (where !== undefined) {
      const { bucket, name } = where;
      members.spend({ personId, accumulators: [{ bucket, name, change: `${chance.between(1, 90)}.50` }] });
    }
  }

  async function workFor(region: string): Promise<boolean> {
    const dispatch = dispatching.get(region);
    if (dispatch === undefined) throw new Error(`nobody works for ${region}`);
    const { provisionalStore: provisionals } = database;
    const onCorrected = (): void => void (corrections += 1);
    const [sent, resolved] = await Promise.all([
      dispatchOutbox(dispatch),
      resolveProvisionals({ ...settleDeps, ...asking, provisionals, deadlineMs: TIMEOUT_MS, onCorrected }, region),
    ]);
    return sent.delivered + sent.failed + resolved.resolved > 0;
  }

  async function resendDead(): Promise<void> {
    for (const { messageId } of await outbox.deadLetters(undefined, '', 1000)) {
      deadLetters += 1;
      const about = { messageId, region: undefined, by: 'a person', reason: 'the fund is well again' };
      await outbox.decide({ ...about, action: 'resend', atMs: clock.now() });
    }
  }

  return {
    funds,
    persons,
    cases,
    outcomes,
    /** Settlements that were provisional when they were made. */
    stoodIn,
    figures: () => ({ bills, corrections, deadLetters, cases: cases.size, ...outcomes }),

    /** One turn: weather, bills side by side, something at home, and what the workers do meanwhile. */
    async turn(): Promise<void> {
      clock.advance(chance.between(1, 45) * MINUTE);
      for (const fund of funds.values()) if (chance.hits(200)) fund.setFaults(chance.pick(FAULTS)(chance));
      for (let at = 0; at < size.width / 4; at++) liveAtHome();
      const commands = Array.from({ length: size.width }, nextCommand);
      const settled = commands.map(async (command) => note(await settleAskingHome(asking, command), command));
      const work = REGIONS.filter(() => chance.hits(700)).map(workFor);
      await Promise.all([...settled, ...work]);
      if (chance.hits(400)) await reverseOne();
      await desk.refresh(clock.now());
    },

    /** Every fund is well again: what waits is worked off, a person resends what was given up, events are read. */
    async calm(): Promise<void> {
      for (const fund of funds.values()) fund.setFaults({});
      for (let quiet = 0; quiet < 3;) {
        clock.advance(6 * MINUTE);
        await new Promise((resolve) => setTimeout(resolve, BREAKER.resetMs + 10));
        await resendDead();
        const moved = await Promise.all(REGIONS.map(workFor));
        const isLeft = (await outbox.backlogs()).length > 0;
        quiet = moved.includes(true) || isLeft ? 0 : quiet + 1;
      }
      for (const region of REGIONS) {
        const { items } = fundOf(region).members.events('', 1_000_000);
        await applyAccumulatorEvents({ copies, rulebook: () => rulebook, clock }, region, items);
      }
    },

    async stop(): Promise<void> {
      breakers.close();
      for (const fund of funds.values()) await fund.stop();
    },
  };
}

/** A fresh look over HTTP, with everything that can go wrong with it. */
export async function look(url: string, personId: string, deadlineMs: number): Promise<PersonText | undefined> {
  const failed = (code: string): AppError => new AppError(code, 'no fresh look', { status: 502, retryable: true });
  let answer: { status: number; text: string };
  try {
    const body = JSON.stringify({ personId });
    const signal = AbortSignal.timeout(deadlineMs);
    const response = await fetch(`${url}/eligibility`, { method: 'POST', body, signal });
    answer = { status: response.status, text: await response.text() };
  } catch (error) {
    throw failed((error as Error).name === 'TimeoutError' ? 'PARTNER_TIMEOUT' : 'PARTNER_UNREACHABLE');
  }
  if (answer.status === 404) return undefined;
  if (answer.status !== 200) throw failed('PARTNER_FAILED');
  try {
    const { person } = JSON.parse(answer.text) as { person?: PersonText };
    if (person !== undefined) return person;
  } catch {
    // An HTML page.
  }
  throw failed('ANSWER_NOT_UNDERSTOOD');
}
