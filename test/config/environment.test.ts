import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../../src/config/environment.ts';
import { AppError } from '../../src/platform/errors.ts';

function refusal(variables: Record<string, string>): AppError {
  try {
    readEnvironment(variables);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the environment', () => {
  it('has defaults, also for variables that are set to nothing', () => {
    const defaults = {
      host: '127.0.0.1',
      port: 8080,
      configDir: resolve(import.meta.dirname, '../../config'),
      dataDir: '.data',
      databaseUrl: undefined,
      fundUrls: new Map(),
      logLevel: 'info',
    };
    expect(readEnvironment({})).toEqual(defaults);
    expect(readEnvironment({ PORT: '', DATABASE_URL: '', HOME: '/somewhere' })).toEqual(defaults);
  });

  it('is read', () => {
    const variables = {
      HOST: '0.0.0.0',
      PORT: '9000',
      CONFIG_DIR: '/etc/tongjie',
      DATA_DIR: '/srv',
      DATABASE_URL: 'mysql://u:p@db:3306/tongjie',
      FUND_URLS: '330421=http://127.0.0.1:9301,320509=http://127.0.0.1:9302',
      LOG_LEVEL: 'debug',
    };
    expect(readEnvironment(variables)).toEqual({
      host: '0.0.0.0',
      port: 9000,
      configDir: '/etc/tongjie',
      dataDir: '/srv',
      databaseUrl: 'mysql://u:p@db:3306/tongjie',
      fundUrls: new Map([
        ['330421', 'http://127.0.0.1:9301'],
        ['320509', 'http://127.0.0.1:9302'],
      ]),
      logLevel: 'debug',
    });
    expect(readEnvironment({ DATABASE_URL: 'mariadb://db/tongjie' }).databaseUrl).toBe('mariadb://db/tongjie');
  });

  it('is refused with every variable that is wrong, and without a password', () => {
    const wrong = { FUND_URLS: 'nowhere', PORT: '80a', DATABASE_URL: 'postgres://u:secret@db/x', LOG_LEVEL: 'loud' };
    const error = refusal(wrong);
    expect(error.code).toBe('BAD_ENVIRONMENT');
    expect(error.fields.map(({ field }) => field)).toEqual(['FUND_URLS', 'PORT', 'DATABASE_URL', 'LOG_LEVEL']);
    expect(JSON.stringify([error.message, error.fields])).not.toContain('secret');
  });

  it.each(['65536', '-1', '8080.5', '0x50', ' 80'])('takes no port %j', (port) => {
    expect(refusal({ PORT: port }).fields).toMatchObject([{ field: 'PORT' }]);
  });
});
