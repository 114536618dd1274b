import { describe, expect, it } from 'vitest';
import { InvariantViolation } from '../../../src/core/invariant.ts';
import { isConnectionLost, ourError, withOurErrors } from '../../../src/db/engine/driver-errors.ts';
import { AppError } from '../../../src/platform/errors.ts';

function driverError(fields: object, message = 'driver says so'): Error {
  return Object.assign(new Error(message), fields);
}

describe('ourError', () => {
  it.each([
    [{ code: 'ER_LOCK_DEADLOCK', errno: 1213 }, 'DATABASE_BUSY'],
    [{ code: 'ER_LOCK_WAIT_TIMEOUT', errno: 1205 }, 'DATABASE_BUSY'],
    [{ code: 'SQLITE_BUSY' }, 'DATABASE_BUSY'],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }, 'DATABASE_BUSY'],
    [{ name: 'KnexTimeoutError' }, 'DATABASE_BUSY'],
    [{ code: 'ECONNREFUSED', errno: -111, fatal: true }, 'DATABASE_UNAVAILABLE'],
    [{ code: 'ECONNRESET', errno: -104 }, 'DATABASE_UNAVAILABLE'],
    [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, 'DATABASE_UNAVAILABLE'],
    [{ fatal: true }, 'DATABASE_UNAVAILABLE'],
    [{ code: 'ER_SERVER_SHUTDOWN', errno: 1053 }, 'DATABASE_UNAVAILABLE'],
    [{ code: 'ER_UNKNOWN_COM_ERROR', errno: 1047 }, 'DATABASE_UNAVAILABLE'],
    [{ code: 'SQLITE_IOERR_WRITE' }, 'DATABASE_UNAVAILABLE'],
    [{ code: 'SQLITE_FULL' }, 'DATABASE_UNAVAILABLE'],
    [{ code: 'ER_ACCESS_DENIED_ERROR', errno: 1045, fatal: true }, 'DATABASE_REFUSED'],
    [{ code: 'SQLITE_CONSTRAINT_UNIQUE' }, 'UNIQUE_CONFLICT'],
  ])('makes %o %s', (fields, code) => {
    const error = ourError(driverError(fields));
    expect(error).toBeInstanceOf(AppError);
    expect(error).toMatchObject({ code, retryable: code !== 'DATABASE_REFUSED' });
  });

  it('tells a conflict of bills from a bug by the key', () => {
    const duplicate = { code: 'ER_DUP_ENTRY', errno: 1062 };
    const conflict = ourError(driverError(duplicate, "Duplicate entry 'H1/B1-1' for key 'settlement_bill'"));
    expect(conflict).toMatchObject({ code: 'UNIQUE_CONFLICT' });
    for (const key of ['PRIMARY', 'settlement.PRIMARY']) {
      const bug = ourError(driverError(duplicate, `Duplicate entry 's1' for key '${key}'`));
      expect(bug).toBeInstanceOf(InvariantViolation);
    }
  });

  it.each([
    [{ errno: 4025 }],
    [{ errno: 3819 }],
    [{ code: 'SQLITE_CONSTRAINT_CHECK' }],
    [{ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' }],
  ])('takes %o for a bug', (fields) => {
    expect(ourError(driverError(fields))).toBeInstanceOf(InvariantViolation);
  });

  it("leaves what is not a driver's error alone", () => {
    const others = [
      new TypeError('bug'),
      new AppError('X', 'x', { status: 400 }),
      new InvariantViolation('y'),
      'text',
      undefined,
    ];
    for (const other of others) {
      expect(ourError(other)).toBe(other);
      expect(isConnectionLost(other)).toBe(false);
    }
  });

  it('never carries the statement on, which holds what patients told their doctor', () => {
    const secret = "INSERT INTO settlement_document VALUES ('s1', 'diagnosis')";
    for (const fields of [{ errno: 1213 }, { errno: 1062, sqlMessage: 'dup' }, { fatal: true }, { errno: 1064 }]) {
      const error = ourError(driverError({ ...fields, sql: secret })) as Error;
      const carried = [error, error.message, error.cause];
      expect(JSON.stringify(carried)).not.toContain('diagnosis');
    }
  });
});

describe('withOurErrors', () => {
  it('passes results on and makes errors ours', async () => {
    const store = withOurErrors({
      double: (value: number) => Promise.resolve(2 * value),
      fail: () => Promise.reject(driverError({ code: 'ECONNREFUSED' })),
    });
    await expect(store.double(21)).resolves.toBe(42);
    await expect(store.fail()).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
  });
});
