import { z } from 'zod';
import { AppError } from '../platform/errors.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What the process is told from outside. */
export interface Environment {
  readonly port: number;
  /** Folder of the embedded database and of files that we write. */
  readonly dataDir: string;
  /** MariaDB or MySQL; undefined: SQLite in `dataDir`. */
  readonly databaseUrl: string | undefined;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

function isDatabaseUrl(value: string): boolean {
  return URL.canParse(value) && ['mysql:', 'mariadb:'].includes(new URL(value).protocol);
}

const shape = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'is not a port: a whole number from 0 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'is not a port: a whole number from 0 to 65535')
    .default(8080),
  DATA_DIR: z.string().default('.data'),
  DATABASE_URL: z.string().refine(isDatabaseUrl, 'is not a mysql:// or mariadb:// address').optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, `is not one of: ${LOG_LEVELS.join(', ')}`).default('info'),
});

/**
 * Reads the environment, the only place that does. An empty variable counts as not set, as compose files leave them.
 *
 * @throws AppError BAD_ENVIRONMENT naming every variable that is wrong, without its value (an address holds a password)
 */
export function readEnvironment(variables: Readonly<Record<string, string | undefined>> = process.env): Environment {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ''));
  const result = shape.safeParse(set);
  if (!result.success) {
    const fields = result.error.issues.map(({ path, message }) => ({ field: path.map(String).join('.'), problem: message }));
    const message = fields.map(({ field, problem }) => `${field} ${problem}`).join('; ');
    throw new AppError('BAD_ENVIRONMENT', message, { status: 500, help: 'correct these environment variables', fields });
  }
  const { PORT, DATA_DIR, DATABASE_URL, LOG_LEVEL } = result.data;
  return { port: PORT, dataDir: DATA_DIR, databaseUrl: DATABASE_URL, logLevel: LOG_LEVEL };
}
