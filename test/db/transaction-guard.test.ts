import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/db/open-database.ts';
import { assertOutsideTransaction } from '../../src/platform/transaction-guard.ts';
import { describeEachDatabase } from '../support/databases.ts';
import { samplePerson } from '../support/settlement-samples.ts';

describeEachDatabase('a partner called in the middle of a transaction', (open) => {
  let database: Database;

  beforeAll(async () => {
    database = await open();
  });

  const callPartner = (): never => {
    assertOutsideTransaction('a call of 330421');
    throw new Error('the guard let it through');
  };

  it('is refused inside the settling transaction, which is rolled back', async () => {
    const settling = database.settlementStore.transact({ personIds: [], billKeys: [] }, callPartner);
    await expect(settling).rejects.toThrow('while a database transaction is open');
  });

  it('is refused inside a transaction of another store', async () => {
    // Read lazily by the import, in the middle of its transaction.
    const person = {
      ...samplePerson('guarded'),
      get accounts() {
        return callPartner();
      },
    };
    await expect(database.personStore.importPersons([person])).rejects.toThrow('while a database transaction is open');
  });

  it('is allowed again afterwards', () => {
    expect(() => {
      assertOutsideTransaction('a call of 330421');
    }).not.toThrow();
  });
});
