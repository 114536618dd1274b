import { beforeAll, expect, it } from 'vitest';
import { applyChanges } from '../../../src/core/adjudicate/accumulate.ts';
import { adjudicate } from '../../../src/core/adjudicate/adjudicate.ts';
import type { Accumulators } from '../../../src/core/adjudicate/facts.ts';
import { decodeDocument } from '../../../src/app/settlement/document.ts';
import { reverseSettlement, type ReverseDeps } from '../../../src/app/settlement/reverse-settlement.ts';
import { settleBills, type SettleOutcome } from '../../../src/app/settlement/settle-bills.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { createCoalescer } from '../../../src/platform/coalescer.ts';
import { createIdSource } from '../../../src/platform/ids.ts';
import { smallCommand } from '../../support/bills.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { samplePerson } from '../../support/settlement-samples.ts';
import { smallRulebook } from '../../support/small-rules.ts';

// 100.00 deductible, 80 %, the pool pays at most 1,000.00 a year; 60 % of what lies over the cap from another fund.
const rulebook = smallRulebook(`
benefits:
  outpatient:
    deductible: { form: yearly, amount: 100, accumulator: deducted }
    bands: { measure: afterDeductible, ratio: 0.80 }
    caps: [ { id: yearly, on: payment, amount: 1000, accumulator: poolPaid, overflow: expense } ]
layers:
  - { id: large, fund: largeCost, base: [overCap], bands: { measure: gross, ratio: 0.60 } }
accounts:
  - { purse: carried, benefits: [outpatient], pays: [deductible, coinsurance], source: test, provenance: illustrative }
  - { purse: family, benefits: [outpatient], pays: [deductible, coinsurance], source: test, provenance: illustrative }
`);
const YEAR = '2026-01-01';
const CAP = 100_000;

describeEachDatabase('settling and reversing', (open) => {
  let database: Database;
  let deps: ReverseDeps;
  let people = 0;

  beforeAll(async () => {
    database = await open();
    const clock = { now: () => Date.parse('2026-11-24T10:00:00+08:00') };
    const { settlementStore: store, settlementQueries: queries } = database;
    deps = { store, queries, rulebook: () => rulebook, clock, newId: createIdSource(() => Date.now()) };
  });

  async function newPerson(carried = 0, sharesAccountWith: string[] = []): Promise<string> {
    const id = `person-${String(people++)}`;
    const person = samplePerson(id, { sharesAccountWith });
    await database.personStore.importPersons([{ ...person, accounts: { current: 0, carried } }]);
    return id;
  }

  async function settle(...commands: Parameters<typeof settleBills>[1]): Promise<SettleOutcome[]> {
    return settleBills(deps, commands);
  }

  async function settledId(command: ReturnType<typeof smallCommand>): Promise<string> {
    const [outcome] = await settle(command);
    if (outcome?.kind !== 'settled') throw new Error(`expected a settlement, got ${String(outcome?.kind)}`);
    return outcome.settlement.row.settlementId;
  }

  const reverse = (settlementId: string, reason = 'entered twice'): ReturnType<typeof reverseSettlement> =>
    reverseSettlement(deps, { institutionId: 'H33042100001', settlementId, reason });

  it('lets each bill of a batch see what the bills before it used', async () => {
    const person = await newPerson();
    const outcomes = await settle(
      smallCommand('batch-1', person, 6_000),
      smallCommand('batch-2', person, 6_000),
      smallCommand('batch-3', person, 200_000),
    );
    const paid = outcomes.map((outcome) => (outcome.kind === 'settled' ? outcome.verdict.funds : undefined));
    // 60 all deductible; 40 deductible, 20 × 0.8 = 16; room 984 = 1,230 of expense, 770 over the cap × 0.6 = 462
    expect(paid).toMatchObject([{ pool: 0 }, { pool: 1_600 }, { pool: 98_400, largeCost: 46_200 }]);
    const state = await database.personStore.find(person);
    expect(state?.accumulators[YEAR]).toEqual({ deducted: 10_000, poolPaid: CAP });
  });

  it('answers the same content with the first answer, in one batch and later, and refuses other content', async () => {
    const person = await newPerson();
    const command = smallCommand('idem-1', person, 50_000);
    const [first, again] = await settle(command, command);
    const [later] = await settle(command);
    const [other] = await settle(smallCommand('idem-1', person, 50_100));
    expect([first, again, later, other].map((outcome) => outcome?.kind)).toEqual([
      'settled',
      'repeat',
      'repeat',
      'conflict',
    ]);
    const ids = [first, again, later, other].map((outcome) =>
      outcome !== undefined && 'settlement' in outcome ? outcome.settlement.row.settlementId : undefined,
    );
    expect(new Set(ids).size).toBe(1);
    expect((await database.personStore.find(person))?.accumulators[YEAR]).toEqual({
      deducted: 10_000,
      poolPaid: 32_000,
    });
  });

  it('lets a bad bill fail alone in its batch', async () => {
    const person = await newPerson();
    const outcomes = await settle(
      smallCommand('alone-1', person, 50_000),
      smallCommand('alone-2', 'nobody', 50_000),
      smallCommand('alone-3', person, 50_000, {
        bill: { ...smallCommand('x', person, 1).bill, visitDate: '1950-01-01' },
      }),
      smallCommand('alone-4', person, 50_000),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(['settled', 'unknownPerson', 'beforeBirth', 'settled']);
  });

  it('restores accumulators and accounts, also those of a relative who paid', async () => {
    const person = await newPerson(3_000);
    const payer = await newPerson(100_000, [person]);
    const before = await database.personStore.find(person);
    const settlementId = await settledId(smallCommand('restore-1', person, 50_000, { familyPayer: payer }));
    expect((await database.personStore.find(payer))?.accounts.carried).toBe(100_000 - 15_000);
    const outcome = await reverse(settlementId);
    expect(outcome.kind).toBe('reversed');
    expect(await database.personStore.find(person)).toEqual({ ...before, accumulators: expect.anything() as unknown });
    expect((await database.personStore.find(person))?.accumulators[YEAR] ?? {}).toEqual({});
    expect((await database.personStore.find(payer))?.accounts.carried).toBe(100_000);
  });

  it('only lets a relative pay who said so', async () => {
    const person = await newPerson();
    const stranger = await newPerson(100_000);
    const [outcome] = await settle(smallCommand('stranger-1', person, 50_000, { familyPayer: stranger }));
    expect(outcome).toEqual({ kind: 'unknownPerson', field: 'familyPayer' });
  });

  it('is idempotent in reversing: the same wish repeats, another reason conflicts, strangers see nothing', async () => {
    const settlementId = await settledId(smallCommand('undo-1', await newPerson(), 50_000));
    const [first, again] = [await reverse(settlementId), await reverse(settlementId)];
    expect([first.kind, again.kind, (await reverse(settlementId, 'other')).kind]).toEqual([
      'reversed',
      'repeat',
      'conflict',
    ]);
    const stranger = { institutionId: 'H33042100002', settlementId, reason: 'x' };
    await expect(reverseSettlement(deps, stranger)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    if (first.kind !== 'reversed') throw new Error('not reversed');
    await expect(reverse(first.reversal.row.settlementId)).rejects.toMatchObject({ code: 'NOT_REVERSIBLE' });
  });

  it('settles a reversed bill again only under a new request key', async () => {
    const person = await newPerson();
    const command = smallCommand('again-1', person, 50_000);
    await reverse(await settledId(command));
    const [late] = await settle(command);
    const [anew] = await settle({ ...command, requestKey: 'second' });
    expect(late).toMatchObject({ kind: 'repeat', reversed: true });
    expect(anew).toMatchObject({ kind: 'settled', settlement: { row: { attempt: 2 } } });
  });

  it('names later bills that would come out differently, and what each would become', async () => {
    const person = await newPerson();
    const first = await settledId(smallCommand('later-1', person, 50_000));
    const second = await settledId(smallCommand('later-2', person, 50_000));
    const outcome = await reverse(first);
    // Without the first, the second bears the deductible: (500 − 100) × 0.8 = 320 instead of 400.
    expect(outcome).toEqual({
      kind: 'dependents',
      dependents: [
        expect.objectContaining({
          settlementId: second,
          fundTotal: 40_000,
          wouldBe: expect.objectContaining({ fundTotal: 32_000, personTotal: 18_000 }) as unknown,
        }),
      ],
    });
    expect((await reverse(second)).kind).toBe('reversed');
    expect((await reverse(first)).kind).toBe('reversed');
  });

  it('looks at what later bills would find now, not at what they found before others were reversed', async () => {
    const person = await newPerson();
    const [first, second] = [
      await settledId(smallCommand('chain-1', person, 10_000)),
      await settledId(smallCommand('chain-2', person, 10_000)),
    ];
    const third = await settledId(smallCommand('chain-3', person, 5_000));
    expect((await reverse(second)).kind).toBe('reversed');
    // The third is alone with the first, which bore all of the deductible.
    expect(await reverse(first)).toMatchObject({
      kind: 'dependents',
      dependents: [{ settlementId: third, fundTotal: 4_000, wouldBe: { fundTotal: 0 } }],
    });
  });

  it('does not take a corrected policy for a dependence', async () => {
    const person = await newPerson();
    await settledId(smallCommand('corrected-1', person, 10_000));
    const middle = await settledId(smallCommand('corrected-2', person, 10_000));
    await settledId(smallCommand('corrected-3', person, 10_000));
    const corrected = smallRulebook(`
benefits:
  outpatient:
    deductible: { form: yearly, amount: 100, accumulator: deducted }
    bands: { measure: afterDeductible, ratio: 0.81 }
    caps: [ { id: yearly, on: payment, amount: 1000, accumulator: poolPaid, overflow: expense } ]
`);
    const command = { institutionId: 'H33042100001', settlementId: middle, reason: 'entered twice' };
    const outcome = await reverseSettlement({ ...deps, rulebook: () => corrected }, command);
    expect(outcome.kind).toBe('reversed');
  });

  it('refuses to reverse what the home fund does not count any more, rather than count below nothing', async () => {
    const person = await newPerson();
    const settlementId = await settledId(smallCommand('fed-1', person, 50_000));
    const fed = {
      ...samplePerson(person),
      accounts: { current: 0, carried: 0 },
      accumulators: { [YEAR]: { deducted: 1 } },
    };
    await database.personStore.importPersons([fed]);
    await expect(reverse(settlementId)).rejects.toMatchObject({ code: 'ACCUMULATORS_OUT_OF_STEP', status: 409 });
  });

  it('settles one and refuses the other when a bill number comes for two persons at once', async () => {
    for (let round = 0; round < 10; round++) {
      const persons = [await newPerson(), await newPerson()];
      const outcomes = await Promise.all(
        persons.map((person) => settle(smallCommand(`race-${String(round)}`, person, 50_000))),
      );
      expect(outcomes.map(([outcome]) => outcome?.kind).sort()).toEqual(['conflict', 'settled']);
    }
  });

  it('lets nobody be their own relative', async () => {
    const person = `person-${String(people)}`;
    await newPerson(1_000, [person]);
    const [outcome] = await settle(smallCommand('self-1', person, 50_000, { familyPayer: person }));
    expect(outcome).toEqual({ kind: 'unknownPerson', field: 'familyPayer' });
  });

  it('does not hold up a reversal for later bills that stay as they are', async () => {
    const person = await newPerson();
    await settledId(smallCommand('apart-1', person, 30_000));
    const middle = await settledId(smallCommand('apart-2', person, 10_000));
    await settledId(smallCommand('apart-3', person, 20_000));
    expect((await reverse(middle)).kind).toBe('reversed');
    expect((await database.personStore.find(person))?.accumulators[YEAR]).toEqual({
      deducted: 10_000,
      poolPaid: 32_000,
    });
  });

  it('keeps every promise while 64 clients settle and reverse for 20 persons under one cap', async () => {
    const persons = await Promise.all(Array.from({ length: 20 }, () => newPerson(5_000)));
    const settleOne = createCoalescer({
      lanes: 2,
      batchMax: 16,
      queueMax: 1000,
      run: (batch: readonly ReturnType<typeof smallCommand>[]) => settleBills(deps, batch),
    });
    let reversed = 0;
    let state = 20261124;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    await Promise.all(
      Array.from({ length: 64 }, async (_, client) => {
        for (let turn = 0; turn < 8; turn++) {
          const person = persons[random(20)] ?? '';
          const outcome = await settleOne.submit(smallCommand(`storm-${client}-${turn}`, person, 100 + random(30_000)));
          if (outcome.kind !== 'settled') throw new Error(outcome.kind);
          if (random(3) === 0 && (await reverse(outcome.settlement.row.settlementId)).kind === 'reversed') reversed++;
        }
      }),
    );
    expect(reversed).toBeGreaterThan(5);

    for (const person of persons) {
      const everything = { personIds: [], billKeys: [], historySince: { personId: person, settlementId: '' } };
      const { history: sums } = await database.settlementStore.read(everything);
      const reversals = new Set(sums.map(({ row }) => row.reverses));
      const live = sums.filter(({ row }) => row.reverses === undefined && !reversals.has(row.settlementId));
      const pool = live.reduce((sum, { row }) => sum + row.funds.pool, 0);
      const accumulators = (await database.personStore.find(person))?.accumulators[YEAR] ?? {};
      expect(accumulators['poolPaid'] ?? 0).toBe(pool);
      expect(pool).toBeLessThanOrEqual(CAP);
      // Each live bill is what it would be had only the live ones been, in their order.
      let standing: Accumulators = {};
      for (const { row, document } of live) {
        const { bill, institution, person: patient, accounts, verdict } = decodeDocument(document, rulebook);
        const facts = { bill, institution, person: patient, settledOn: row.settledOn, accounts };
        const again = adjudicate({ ...facts, accumulators: standing }, rulebook);
        expect(again).toMatchObject({ kind: 'verdict', funds: row.funds });
        standing = applyChanges(standing, verdict.accumulators);
      }
      const account = live.reduce((sum, { row }) => sum + row.account, 0);
      expect((await database.personStore.find(person))?.accounts.carried).toBe(5_000 - account);
    }
    expect(await database.settlementQueries.unbalanced()).toEqual([]);
  });
});
