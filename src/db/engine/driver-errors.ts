import { InvariantViolation } from '../../core/invariant.ts';
import { AppError } from '../../platform/errors.ts';

/** What mysql2, better-sqlite3 and knex put on their errors. */
interface DriverError {
  readonly code?: string;
  readonly errno?: number;
  readonly fatal?: boolean;
  readonly sqlMessage?: string;
  readonly message: string;
  sql?: string;
}

const LOCK_WAIT_TIMEOUT = 1205;
const DEADLOCK = 1213;
const DUPLICATE_KEY = 1062;
const CHECK_FAILED = new Set([4025, 3819]);
const ACCESS_REFUSED = new Set([1044, 1045, 1698]);
/** Too many connections, shutting down, not in the cluster's quorum, read-only during failover, killed. */
const SERVER_UNABLE = new Set([1040, 1053, 1047, 1290, 1836, 1927, 2006, 2013]);
const NETWORK = /^(ECONN\w+|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|PROTOCOL_\w+)$/;
const SQLITE_UNABLE = /^SQLITE_(CANTOPEN|IOERR|FULL|READONLY|PROTOCOL)/;

function asDriverError(error: unknown): DriverError | undefined {
  if (!(error instanceof Error) || error instanceof AppError) return undefined;
  const isDrivers = 'code' in error || 'errno' in error || 'fatal' in error || error.name === 'KnexTimeoutError';
  return isDrivers ? (error as DriverError) : undefined;
}

/** Whether two transactions waited for each other, and this one was chosen to be rolled back. */
export function isDeadlock(error: unknown): boolean {
  return asDriverError(error)?.errno === DEADLOCK;
}

/** Whether the same transaction may well succeed when it is simply tried again. */
export function isContention(error: unknown): boolean {
  const errno = asDriverError(error)?.errno;
  return errno === DEADLOCK || errno === LOCK_WAIT_TIMEOUT;
}

/** Whether the connection is of no use any more. */
export function isConnectionLost(error: unknown): boolean {
  const driver = asDriverError(error);
  if (driver === undefined) return false;
  // mysql2 gives no code to a command put to a connection that is closed, but calls it fatal.
  return driver.fatal === true || SERVER_UNABLE.has(driver.errno ?? 0) || NETWORK.test(driver.code ?? '');
}

/** The driver's words without the statement, which holds what people told their doctor. */
function causeOf({ code, errno, sqlMessage }: DriverError): object {
  return { code, errno, message: sqlMessage };
}

/** Whether another transaction wrote the same first; a key of our own making that is there twice is a bug instead. */
export function isUniqueConflict(error: unknown): boolean {
  const driver = asDriverError(error);
  if (driver?.code === 'SQLITE_CONSTRAINT_UNIQUE') return true;
  return driver?.errno === DUPLICATE_KEY && !/for key '(\w+\.)?PRIMARY'/.test(driver.message);
}

function isConstraintFailure({ code, errno = 0 }: DriverError): boolean {
  return code?.startsWith('SQLITE_CONSTRAINT') === true || errno === DUPLICATE_KEY || CHECK_FAILED.has(errno);
}

/**
 * Makes a driver's error ours; the only place that knows drivers' codes. What is no driver's error stays as it is.
 *
 * @returns AppError DATABASE_UNAVAILABLE, DATABASE_REFUSED, DATABASE_BUSY or UNIQUE_CONFLICT; an InvariantViolation for a
 *   broken CHECK or primary key, which our own code should have prevented
 */
export function ourError(error: unknown): unknown {
  const driver = asDriverError(error);
  if (driver === undefined) return error;
  const { code = '', errno = 0 } = driver;
  const cause = causeOf(driver);
  if (isConnectionLost(error) && !ACCESS_REFUSED.has(errno)) return unavailable(cause);
  if (driver.message.startsWith('Pool is closed') || SQLITE_UNABLE.test(code)) return unavailable(cause);
  if (ACCESS_REFUSED.has(errno)) {
    return new AppError('DATABASE_REFUSED', 'the database refuses our user', {
      status: 503,
      help: 'check user, password and rights of DATABASE_URL',
      cause,
    });
  }
  if (isContention(error) || code.startsWith('SQLITE_BUSY') || (error as Error).name === 'KnexTimeoutError') {
    return new AppError('DATABASE_BUSY', 'the database has too much to do at once', {
      status: 503,
      retryable: true,
      help: 'send the same request again',
      cause,
    });
  }
  if (isUniqueConflict(driver)) {
    return new AppError('UNIQUE_CONFLICT', 'another process wrote the same first', {
      status: 409,
      retryable: true,
      help: 'send the same request again: it finds what the other process wrote',
      cause,
    });
  }
  if (isConstraintFailure(driver)) {
    return new InvariantViolation(`no row breaks a constraint (${driver.sqlMessage ?? driver.message})`);
  }
  // Anything else is a bug; it goes on as it is, but no log needs the values of the statement.
  delete driver.sql;
  return error;
}

function unavailable(cause: object): AppError {
  return new AppError('DATABASE_UNAVAILABLE', 'the database cannot be reached', {
    status: 503,
    retryable: true,
    help: 'send the same request again later',
    cause,
  });
}

/** The same store, whose methods reject with our errors. */
export function withOurErrors<T extends object>(store: T): T {
  const methods = Object.entries(store).map(([name, method]) => [
    name,
    async (...args: unknown[]): Promise<unknown> => {
      try {
        return await (method as (...args: unknown[]) => Promise<unknown>)(...args);
      } catch (error) {
        throw ourError(error);
      }
    },
  ]);
  return Object.fromEntries(methods) as T;
}
