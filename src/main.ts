import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino, type Logger } from 'pino';
import type { Institution } from './app/ports.ts';
import type { BillCommand } from './app/settlement/judge-bill.ts';
import { quoteBills } from './app/settlement/quote-bills.ts';
import { reverseSettlement } from './app/settlement/reverse-settlement.ts';
import { settleBills } from './app/settlement/settle-bills.ts';
import { readEnvironment, type Environment } from './config/environment.ts';
import { loadInstitutions } from './config/load-institutions.ts';
import { loadRules, type RulesResult } from './config/load-rules.ts';
import type { RuleError } from './config/rule-error.ts';
import { openDatabase, type Database } from './db/open-database.ts';
import { createHttpApp } from './http/app.ts';
import { createAuthenticator } from './http/authenticate.ts';
import { createCounterEvents } from './http/counter-events.ts';
import type { HttpDeps } from './http/deps.ts';
import { createMetrics } from './http/metrics.ts';
import { shanghaiDate, systemClock, type Clock } from './platform/clock.ts';
import { createCoalescer } from './platform/coalescer.ts';
import { AppError } from './platform/errors.ts';
import { createIdSource } from './platform/ids.ts';

/** What a process is to be. */
export interface StartOptions {
  readonly environment: Environment;
  /** Answers requests. */
  readonly serve: boolean;
  /** Runs what is due: clearing at night, messages to partners. */
  readonly work: boolean;
  readonly clock?: Clock;
}

/** A process that has started. */
export interface RunningService {
  /** Undefined when it does not serve. */
  readonly url: string | undefined;
  readonly database: Database;
  readonly rules: Extract<RulesResult, { ok: true }>;
  readonly institutions: ReadonlyMap<string, Institution>;
  /** In reverse order of the start; requests under way are answered first. */
  stop(): Promise<void>;
}

type Rules = RunningService['rules'];

/** What every role is built from. */
interface Parts {
  readonly database: Database;
  readonly rules: Rules;
  readonly institutions: ReadonlyMap<string, Institution>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly runClearing: HttpDeps['runClearing'];
}

interface Serving {
  readonly url: string;
  stop(): Promise<void>;
}

const STOP_GRACE_MS = 1000;
const WRITE_LANES = 2;
const READ_LANES = 2;
const BATCH_MAX = 64;
const QUEUE_MAX = 4096;

function refuseRules(errors: readonly RuleError[]): AppError {
  const problems = errors.map(({ file, path, reason }) => `${file}: ${path === '' ? '' : `${path}: `}${reason}`);
  return new AppError('BAD_RULES', `the rules are refused:\n${problems.join('\n')}`, {
    status: 500,
    help: 'correct the files named; tongjie policy check says the same',
  });
}

function loadConfig(configDir: string) {
  const rules = loadRules(configDir);
  if (!rules.ok) throw refuseRules(rules.errors);
  const loaded = loadInstitutions(configDir, rules.regions);
  if (!loaded.ok) throw refuseRules(loaded.errors);
  return { rules, institutions: new Map(loaded.institutions.map((institution) => [institution.id, institution])) };
}

/** Opens the database, brings its tables up to date and makes sure that a window is open and today's rules are archived. */
async function openStores({ databaseUrl, dataDir }: Environment, rules: Rules, clock: Clock): Promise<Database> {
  const database = await openDatabase({ url: databaseUrl, dataDir, connections: WRITE_LANES + READ_LANES + 1 });
  await database.migrate();
  const now = clock.now();
  await database.clearingStore.openFirstWindow(shanghaiDate(now), now);
  await database.ruleArchive.keep(rules.texts);
  return database;
}

/** Builds what answers requests: the two coalescers and the HTTP application on top of them. */
async function serve(parts: Parts, { host, port }: Environment): Promise<Serving> {
  const { database, rules, institutions, clock, log, runClearing } = parts;
  const { settlementStore: store, settlementQueries: queries } = database;
  const newId = createIdSource(() => clock.now());
  const rulebook = () => rules.rulebook;
  const settleDeps = { store, queries, rulebook, clock, newId };
  const metrics = createMetrics();
  const counterEvents = createCounterEvents();

  const settling = createCoalescer({
    lanes: WRITE_LANES,
    batchMax: BATCH_MAX,
    queueMax: QUEUE_MAX,
    run: (batch: readonly BillCommand[]) => {
      metrics.batch(batch.length);
      return settleBills(settleDeps, batch);
    },
  });
  const quoting = createCoalescer({
    lanes: READ_LANES,
    batchMax: BATCH_MAX,
    queueMax: QUEUE_MAX,
    run: (batch: readonly BillCommand[]) => quoteBills(settleDeps, batch),
  });
  metrics.watchQueue(() => settling.waiting);

  const app = createHttpApp({
    settle: settling.submit,
    quote: quoting.submit,
    reverse: (command) => reverseSettlement(settleDeps, command),
    queries,
    persons: database.personStore,
    clearing: database.clearingStore,
    runClearing,
    rulebook,
    institutions,
    counties: new Map(rules.regions.map((region) => [region.code, region])),
    authenticate: createAuthenticator(await database.keyStore.all()),
    clock,
    newId,
    counterEvents,
    metrics,
    readiness: { database: () => database.ping() },
    log,
  });
  const server = createServer(app);
  await new Promise<void>((listening, failed) => server.once('error', failed).listen(port, host, listening));
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host}:${address.port}`,
    async stop() {
      counterEvents.close();
      const closed = new Promise((done) => server.close(done));
      server.closeIdleConnections();
      await Promise.all([settling.drained(), quoting.drained()]);
      // Answers are on their way by now; a connection that is kept alive for nothing must not keep us.
      setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS).unref();
      await closed;
    },
  };
}

/**
 * Starts a process: rules → database → what answers → what runs by itself; `stop` goes the other way.
 *
 * @throws AppError BAD_RULES, DATABASE_UNAVAILABLE, DATABASE_REFUSED
 */
export async function start({ environment, serve: serves, work, clock = systemClock }: StartOptions): Promise<RunningService> {
  const log = pino({ level: environment.logLevel });
  const { rules, institutions } = loadConfig(environment.configDir);
  const database = await openStores(environment, rules, clock);
  const parts: Parts = { database, rules, institutions, clock, log, runClearing: () => Promise.resolve([]) };
  const serving = serves ? await serve(parts, environment) : undefined;
  void work;
  log.info({ url: serving?.url, engine: database.engine }, 'started');
  return {
    url: serving?.url,
    database,
    rules,
    institutions,
    async stop() {
      await serving?.stop();
      await database.close();
      log.info({}, 'stopped');
    },
  };
}

async function main(role: string | undefined): Promise<void> {
  const environment = readEnvironment();
  if (role === 'migrate') {
    const { rules } = loadConfig(environment.configDir);
    await (await openStores(environment, rules, systemClock)).close();
    return;
  }
  if (role !== 'serve' && role !== 'worker') {
    throw new AppError('UNKNOWN_ROLE', `${role ?? 'no role'} is not one of serve, worker, migrate`, { status: 400 });
  }
  const service = await start({ environment, serve: role === 'serve', work: role === 'worker' });
  const stop = (): void => {
    void service.stop().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

if (import.meta.main) {
  main(process.argv[2]).catch((error: unknown) => {
    process.stderr.write(`${error instanceof AppError ? error.message : String((error as Error).stack)}\n`);
    process.exitCode = 1;
  });
}
