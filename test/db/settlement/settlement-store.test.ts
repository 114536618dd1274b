import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Writes } from '../../../src/app/ports.ts';
import { InvariantViolation } from '../../../src/core/invariant.ts';
import { openDatabase, type Database } from '../../../src/db/open-database.ts';
import { AppError } from '../../../src/platform/errors.ts';
import { describeEachDatabase, freshPlace } from '../../support/databases.ts';
import {
  needFor,
  samplePerson,
  sampleReversal,
  sampleSettlement,
  writesFor,
  writing,
} from '../../support/settlement-samples.ts';

const NOTHING = writesFor([]);

describeEachDatabase('SettlementStore', (open) => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
    const other = samplePerson('p2', {
      name: "O'Neil \\ 😀",
      filings: [{ kind: 'referral', treatmentRegion: undefined, from: '2026-01-01', to: '2026-12-31' }],
    });
    await database.personStore.importPersons([samplePerson('p1'), other, samplePerson('p3')]);
  });

  const write = (writes: Writes, need = needFor(['p1'])) =>
    database.settlementStore.transact(need, () => ({ writes, result: undefined }));

  it('shows persons as imported, leaves unknown ones out, and takes any text as an id', async () => {
    const ids = ['p1', 'p2', 'nobody', '张三', "x' OR '1'='1"];
    const seen = await database.settlementStore.transact(needFor(ids), (state) => ({ writes: NOTHING, result: state }));
    expect([...seen.persons.keys()].sort()).toEqual(['p1', 'p2']);
    expect(seen.persons.get('p2')).toEqual({
      person: {
        ...samplePerson('p2').person,
        name: "O'Neil \\ 😀",
        filings: [{ kind: 'referral', treatmentRegion: undefined, from: '2026-01-01', to: '2026-12-31' }],
      },
      accounts: { current: 1_000_000, carried: 500_000, family: 0 },
      accumulators: {},
    });
    expect(seen).toMatchObject({ windowId: 1, attempts: new Map(), history: [] });
  });

  it('gives back what was written, by bill and by id', async () => {
    const settlement = sampleSettlement({ requestKey: 'second-try', benefit: 'specialDisease', scheme: 'resident' });
    const reversal = sampleReversal(settlement);
    await write(writesFor([settlement]));
    await write(writesFor([reversal]));
    const state = await database.settlementStore.read(needFor([], [settlement]));
    const key = `${settlement.row.institutionId}/${settlement.row.billNumber}`;
    expect(state.attempts).toEqual(new Map([[key, [settlement, reversal]]]));
    expect(await database.settlementQueries.byId(settlement.row.settlementId)).toEqual(settlement);
  });

  it('replaces accumulators and accounts in full and keeps the others', async () => {
    const buckets = { '2026-01-01': { poolPaid: 100, eligible: 7 }, 'M07801/2026-03-01': { poolPaid: 1 } };
    const accumulators = Object.entries(buckets).map(([bucket, amounts]) => ({ personId: 'p3', bucket, amounts }));
    await write({ ...NOTHING, accumulators });
    const [first] = accumulators;
    const accounts = [{ personId: 'p3', current: 0, carried: 12 }];
    await write({ ...NOTHING, accounts, accumulators: [{ ...first!, amounts: { poolPaid: 250 } }] });
    expect(await database.personStore.find('p3')).toMatchObject({
      accounts: { current: 0, carried: 12, family: 0 },
      accumulators: { ...buckets, '2026-01-01': { poolPaid: 250 } },
    });
    expect((await database.settlementStore.read(needFor(['p3']))).persons.get('p3')).toEqual(
      await database.personStore.find('p3'),
    );
  });

  it("reads a person's history from one settlement on, oldest first", async () => {
    const settlements = [1, 2, 3].map(() => sampleSettlement({ personId: 'p2' }));
    await write(writesFor([...settlements, sampleSettlement({ personId: 'p1' })]));
    const historySince = { personId: 'p2', settlementId: settlements[1]!.row.settlementId };
    const { history } = await database.settlementStore.read({ personIds: [], billKeys: [], historySince });
    expect(history).toEqual(settlements.slice(1));
  });

  it('passes on what decide throws, unchanged, and writes nothing', async () => {
    const bug = new TypeError('broken');
    const thrown = database.settlementStore.transact(needFor(['p1']), () => {
      throw bug;
    });
    await expect(thrown).rejects.toBe(bug);
    expect((await database.settlementStore.read(needFor(['p1']))).windowId).toBe(1);
  });

  it('refuses a second attempt of the same number, whole', async () => {
    const settlement = sampleSettlement();
    await write(writesFor([settlement]));
    const same = sampleSettlement({ billNumber: settlement.row.billNumber });
    const bystander = sampleSettlement();
    const refused = write(writesFor([bystander, same]));
    await expect(refused).rejects.toMatchObject({ name: 'AppError', code: 'UNIQUE_CONFLICT', retryable: true });
    await expect(refused).rejects.not.toHaveProperty('cause.sql');
    expect(await database.settlementQueries.byId(bystander.row.settlementId)).toBeUndefined();
  });

  it('takes the same settlement id twice for a bug', async () => {
    const settlement = sampleSettlement();
    await write(writesFor([settlement]));
    const { settlementId } = settlement.row;
    await expect(write(writesFor([sampleSettlement({ settlementId })]))).rejects.toThrow(InvariantViolation);
  });

  const sound = sampleSettlement();
  const broken: Record<string, Writes> = {
    'a fraction of a fen': writesFor([{ ...sound, row: { ...sound.row, cash: 2_845.5, personTotal: 4_845.5 } }]),
    'parts that do not make the total': writesFor([{ ...sound, row: { ...sound.row, eligible: 10_001 } }]),
    'funds that do not make fundTotal': writesFor([
      { ...sound, row: { ...sound.row, funds: { ...sound.row.funds, pool: 1 } } },
    ]),
    'an attempt 0': writesFor([{ ...sound, row: { ...sound.row, attempt: 0 } }]),
    'postings that do not add up': { ...writesFor([sound]), postings: writesFor([sound]).postings.slice(1) },
    'postings of another settlement': { ...NOTHING, postings: writesFor([sound]).postings },
    'an overdrawn account': { ...NOTHING, accounts: [{ personId: 'p1', current: -1, carried: 0 }] },
    'a fraction in an accumulator': {
      ...NOTHING,
      accumulators: [{ personId: 'p1', bucket: 'b', amounts: { a: 0.5 } }],
    },
  };
  it.each(Object.entries(broken))('never writes %s', async (_, writes) => {
    await expect(write(writes)).rejects.toThrow(InvariantViolation);
    expect(await database.settlementQueries.byId(sound.row.settlementId)).toBeUndefined();
    expect((await database.personStore.find('p1'))!.accounts.current).toBe(1_000_000);
  });

  it('round-trips any text', async () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom("'", '"', '\\', '\0', '\x1a', '\n', ';', '--', '%', '😀', '医', 'ß', '`') }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 1, maxLength: 20 }), async (documents) => {
        const settlements = documents.map((document) => ({ ...sampleSettlement({ personId: 'p9' }), document }));
        await write(writesFor(settlements));
        const { attempts } = await database.settlementStore.read(needFor([], settlements));
        const read = settlements.map(
          ({ row }) => attempts.get(`${row.institutionId}/${row.billNumber}`)?.[0]?.document,
        );
        expect(read).toEqual(documents);
      }),
      { numRuns: 60 },
    );
  });

  it('takes large amounts exactly', async () => {
    const large = 1_000_000_000_000;
    const settlement = sampleSettlement({
      total: large,
      fullSelfPay: large,
      overLimit: 0,
      firstSelfPay: 0,
      eligible: 0,
      funds: { pool: 0, largeCost: 0, seriousIllness: 0, civilServant: 0, medicalAid: 0 },
      fundTotal: 0,
      personTotal: large,
      account: 1,
      cash: large - 1,
    });
    await write(writesFor([settlement]));
    expect(await database.settlementQueries.byId(settlement.row.settlementId)).toEqual(settlement);
  });

  it('writes nothing for a batch of repeats and goes on', async () => {
    await expect(write(NOTHING)).resolves.toBeUndefined();
    const settlements = await database.settlementStore.transact(
      needFor(['p1']),
      writing((windowId) => [sampleSettlement({ windowId })]),
    );
    expect(await database.settlementQueries.byId(settlements[0]!.row.settlementId)).toEqual(settlements[0]);
  });
});

describe.each(['sqlite', 'mariadb'] as const)('a database without a window on %s', (engine) => {
  it('refuses to settle', async () => {
    const place = await freshPlace(engine);
    const database = await openDatabase(place);
    try {
      await database.migrate();
      const settling = database.settlementStore.transact(needFor([]), () => ({ writes: NOTHING, result: 0 }));
      await expect(settling).rejects.toMatchObject({ code: 'NO_OPEN_WINDOW', retryable: true });
      await expect(database.clearingStore.openWindow()).rejects.toBeInstanceOf(AppError);
    } finally {
      await database.close();
      place.remove();
    }
  });
});
