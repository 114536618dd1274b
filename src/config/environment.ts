import { resolve } from 'node:path';
import { z } from 'zod';
import { AppError } from '../platform/errors.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

/** What the process is told from outside. */
export interface Environment {
  /** Address to listen on; loopback unless a container or balancer needs another. */
  readonly host: string;
  readonly port: number;
  /** Folder of regions, policies, catalogues and institutions. */
  readonly configDir: string;
  /** Folder of the embedded database and of files that we write. */
  readonly dataDir: string;
  /** MariaDB or MySQL; undefined: SQLite in `dataDir`. */
  readonly databaseUrl: string | undefined;
  /** Where each home fund's system listens, by region; a region without one keeps its messages in the outbox. */
  readonly fundUrls: ReadonlyMap<string, string>;
  readonly logLevel: (typeof LOG_LEVELS)[number];
}

function isDatabaseUrl(value: string): boolean {
  return URL.canParse(value) && ['mysql:', 'mariadb:'].includes(new URL(value).protocol);
}

function readFundUrls(value: string): Map<string, string> | undefined {
  const pairs = value.split(',').map((pair) => pair.split('=') as [string, string?]);
  const isGood = ([region, url]: [string, string?]): boolean => /^\d{6}$/.test(region) && URL.canParse(url ?? '');
  return pairs.every(isGood) ? new Map(pairs as [string, string][]) : undefined;
}

const shape = z.object({
  HOST: z.string().default('127.0.0.1'),
  CONFIG_DIR: z.string().default(resolve(import.meta.dirname, '../../config')),
  FUND_URLS: z
    .string()
    .transform((value, context) => {
      const urls = readFundUrls(value);
      if (urls === undefined) context.addIssue('is not a list such as 330421=http://127.0.0.1:9301,320509=…');
      return urls ?? new Map<string, string>();
    })
    .default(new Map()),
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
    const fields = result.error.issues.map(({ path, message }) => ({
      field: path.map(String).join('.'),
      problem: message,
    }));
    const message = fields.map(({ field, problem }) => `${field} ${problem}`).join('; ');
    throw new AppError('BAD_ENVIRONMENT', message, {
      status: 500,
      help: 'correct these environment variables',
      fields,
    });
  }
  const { HOST, PORT, CONFIG_DIR, DATA_DIR, DATABASE_URL, FUND_URLS, LOG_LEVEL } = result.data;
  return {
    host: HOST,
    port: PORT,
    configDir: CONFIG_DIR,
    dataDir: DATA_DIR,
    databaseUrl: DATABASE_URL,
    fundUrls: FUND_URLS,
    logLevel: LOG_LEVEL,
  };
}
