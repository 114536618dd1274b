import { invalidInput } from '../../platform/errors.ts';

/** Where a MariaDB or MySQL server is, in the words of mysql2's connection options. */
export interface MysqlAddress {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** A Unix socket takes a tenth off each round trip. */
  readonly socketPath: string | undefined;
}

/**
 * Reads `mysql://user:password@host:port/database?socketPath=…`; `mariadb:` is the same.
 *
 * @throws AppError INVALID_INPUT
 */
export function parseMysqlAddress(url: string): MysqlAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['mysql:', 'mariadb:'].includes(parsed.protocol)) {
    throw invalidInput([{ field: 'DATABASE_URL', problem: 'is not like mysql://user:password@host:3306/database' }]);
  }
  const database = decodeURIComponent(parsed.pathname.slice(1));
  if (!/^[\w-]{1,64}$/.test(database)) {
    throw invalidInput([
      { field: 'DATABASE_URL', problem: 'names no database of letters, digits, "_" and "-" after the host' },
    ]);
  }
  return {
    host: parsed.hostname,
    port: Number(parsed.port || '3306'),
    user: decodeURIComponent(parsed.username),
    password: decodeURIComponent(parsed.password),
    database,
    socketPath: parsed.searchParams.get('socketPath') ?? undefined,
  };
}
