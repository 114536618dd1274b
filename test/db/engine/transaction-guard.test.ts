import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../../src/db/open-database.ts';
import { assertOutsideTransaction } from '../../../src/platform/transaction-guard.ts';
import { describeEachDatabase } from '../../support/databases.ts';

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
    // The store reads keys in the middle of its transaction.
    const key = {
      principal: { kind: 'fund', id: '330421' } as const,
      get keyHash() {
        return callPartner();
      },
    };
    await expect(database.keyStore.add([key])).rejects.toThrow('while a database transaction is open');
  });

  it('is allowed again afterwards', () => {
    expect(() => {
      assertOutsideTransaction('a call of 330421');
    }).not.toThrow();
  });
});
