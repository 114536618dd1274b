import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { assertOutsideTransaction, insideTransaction } from '../../src/platform/transaction-guard.ts';

describe('the transaction guard', () => {
  const call = (): void => {
    assertOutsideTransaction('a call of 330421');
  };

  it('refuses a call inside a transaction, also after it waited', async () => {
    expect(() => insideTransaction(call)).toThrow('a call of 330421 was tried while a database transaction is open');
    const later = insideTransaction(async () => {
      await nextTurn();
      call();
    });
    await expect(later).rejects.toThrow('transaction is open');
  });

  it('lets calls pass before, after and beside one', async () => {
    let finish = (): void => undefined;
    const transaction = insideTransaction(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    await nextTurn();
    expect(call).not.toThrow();
    finish();
    await transaction;
    expect(call).not.toThrow();
  });
});
