import { describe, expect, it } from 'vitest';
import { parseMysqlAddress } from '../../../src/db/engine/mysql-address.ts';

describe('parseMysqlAddress', () => {
  it('reads every part', () => {
    const url = 'mysql://tong%40jie:p%2Fw@db.county.example:3307/settle_1?socketPath=%2Frun%2Fmysqld.sock';
    expect(parseMysqlAddress(url)).toEqual({
      host: 'db.county.example',
      port: 3307,
      user: 'tong@jie',
      password: 'p/w',
      database: 'settle_1',
      socketPath: '/run/mysqld.sock',
    });
  });

  it('has a port by default and needs no socket', () => {
    const address = parseMysqlAddress('mariadb://root@127.0.0.1/tongjie');
    expect(address).toMatchObject({ port: 3306, password: '', socketPath: undefined });
  });

  it.each(['', 'tongjie', 'postgres://a@b/c', 'mysql://root@host', 'mysql://root@host/', 'mysql://root@host/a%60b'])(
    'refuses %j and names the setting',
    (url) => {
      expect(() => parseMysqlAddress(url)).toThrow(
        expect.objectContaining({
          code: 'INVALID_INPUT',
          fields: [expect.objectContaining({ field: 'DATABASE_URL' })],
        }),
      );
    },
  );
});
