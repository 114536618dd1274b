import { beforeAll, expect, it } from 'vitest';
import type { PersonImport } from '../../../src/app/ports.ts';
import { InvariantViolation } from '../../../src/core/invariant.ts';
import type { Database } from '../../../src/db/open-database.ts';
import { describeEachDatabase } from '../../support/databases.ts';
import { needFor, samplePerson, writesFor } from '../../support/settlement-samples.ts';

describeEachDatabase('PersonStore', (open) => {
  let database: Database;
  let persons: Database['personStore'];

  beforeAll(async () => {
    database = await open();
    persons = database.personStore;
  });

  it('imports thousands, and finds each as it was given', async () => {
    const many: PersonImport[] = Array.from({ length: 3_000 }, (_, index) => ({
      ...samplePerson(`m${index}`, { name: `居民${index}`, sharesAccountWith: [`m${index + 1}`] }),
      accounts: { current: index, carried: 2 * index },
      accumulators: { '2026-01-01': { poolPaid: index }, '2025-01-01': { poolPaid: 1 } },
    }));
    await persons.importPersons(many);
    expect(await persons.count()).toBe(3_000);
    for (const index of [0, 1, 399, 400, 2_999]) {
      const { person, accounts, accumulators } = many[index]!;
      expect(await persons.find(`m${index}`)).toEqual({ person, accounts: { ...accounts, family: 0 }, accumulators });
    }
    expect(await persons.find('m3000')).toBeUndefined();
    expect(await persons.find('没有')).toBeUndefined();
  });

  it('replaces a person and keeps the accumulators that are not given', async () => {
    const accumulators = { '2026-01-01': { poolPaid: 5 }, '2025-01-01': { poolPaid: 6 } };
    await persons.importPersons([{ ...samplePerson('r'), accumulators }]);
    const moved = samplePerson('r', { homeRegion: '330421', status: 'active', retiredOn: undefined, name: '沈芬' });
    const accounts = { current: 3, carried: 4 };
    await persons.importPersons([
      { ...moved, accounts, accumulators: { '2026-01-01': { poolPaid: 50, deducted: 1 } } },
    ]);
    expect(await persons.find('r')).toEqual({
      person: moved.person,
      accounts: { ...accounts, family: 0 },
      accumulators: { '2026-01-01': { poolPaid: 50, deducted: 1 }, '2025-01-01': { poolPaid: 6 } },
    });
  });

  it('takes the last of two of the same person', async () => {
    await persons.importPersons([samplePerson('t', { name: 'first' }), samplePerson('t', { name: 'last' })]);
    expect((await persons.find('t'))?.person.name).toBe('last');
  });

  it('imports all or nothing', async () => {
    const before = await persons.count();
    const overdrawn = { ...samplePerson('z2'), accounts: { current: -1, carried: 0 } };
    await expect(persons.importPersons([samplePerson('z1'), overdrawn])).rejects.toThrow(InvariantViolation);
    const fraction = { ...samplePerson('z3'), accumulators: { b: { a: 1.5 } } };
    await expect(persons.importPersons([samplePerson('z1'), fraction])).rejects.toThrow(InvariantViolation);
    expect(await persons.count()).toBe(before);
    await persons.importPersons([]);
  });

  it('and settling at once never lock each other out', async () => {
    const ids = Array.from({ length: 30 }, (_, index) => `w${index}`);
    await persons.importPersons(ids.map((id) => samplePerson(id)));
    const settling = ids.map((_, index) =>
      database.settlementStore.transact(needFor([...ids.slice(index), ...ids.slice(0, index)]), () => ({
        writes: writesFor([]),
        result: 'done',
      })),
    );
    const importing = [1, 2, 3].map(() => persons.importPersons([...ids].reverse().map((id) => samplePerson(id))));
    await expect(Promise.all([...settling, ...importing])).resolves.toBeDefined();
  });
});
