import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino, type Logger } from 'pino';
import type { ClearingDeps } from './app/clearing/run-clearing.ts';
import { createMessageSource } from './app/outbox/load-messages.ts';
import type { Institution, KeyStore } from './app/ports.ts';
import type { BillCommand } from './app/settlement/judge-bill.ts';
import { quoteBills } from './app/settlement/quote-bills.ts';
import { reverseSettlement } from './app/settlement/reverse-settlement.ts';
import { settleBills } from './app/settlement/settle-bills.ts';
import { readEnvironment, type Environment } from './config/environment.ts';
import { loadInstitutions } from './config/load-institutions.ts';
import { loadRules, type RulesResult } from './config/load-rules.ts';
import type { RuleError } from './config/rule-error.ts';
import type { DateText } from './core/calendar.ts';
import { openDatabase, type Database } from './db/open-database.ts';
import { createHttpApp } from './http/app.ts';
import { createAuthenticator } from './http/authenticate.ts';
import { createCounterEvents } from './http/counter-events.ts';
import type { HttpDeps } from './http/deps.ts';
import { createMetrics } from './http/metrics.ts';
import { clearingJob, clearNow } from './jobs/clearing-job.ts';
import { startDispatchLoop } from './jobs/dispatch-loop.ts';
import { keepJob } from './jobs/runner.ts';
import { CLEARING_TIME, everyNightAt } from './jobs/schedule.ts';
import { createBreakers } from './partners/breakers.ts';
import { dispatchOutbox } from './partners/dispatch-outbox.ts';
import { createFundClient } from './partners/fund-client.ts';
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
  readonly runClearing: HttpDeps['runClearing'];
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
  readonly newId: () => string;
  readonly clearing: ClearingDeps;
  readonly runClearing: HttpDeps['runClearing'];
}

/** Something that runs until it is stopped. */
interface Stoppable {
  stop(): Promise<void>;
}

interface Serving extends Stoppable {
  readonly url: string;
}

const KEYS_REFRESH_MS = 30_000;
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
  const { policies, catalogues } = rules.summary;
  if (policies.length === 0) {
    throw refuseRules([
      { file: configDir, path: '', reason: 'has no policies/<region>/<scheme>/*.yaml', line: undefined },
    ]);
  }
  const loaded = loadInstitutions(configDir, rules.regions, catalogues);
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

/** Knows who presents a key; keys that are given out later are known within {@link KEYS_REFRESH_MS}. */
async function watchKeys(store: KeyStore, log: Logger) {
  let authenticate = createAuthenticator(await store.all());
  const refresh = (): void => {
    store.all().then(
      (keys) => (authenticate = createAuthenticator(keys)),
      (error: unknown) => {
        log.warn({ err: error }, 'keys could not be read again; those known stay valid');
      },
    );
  };
  const timer = setInterval(refresh, KEYS_REFRESH_MS).unref();
  return {
    authenticate: (key: string) => authenticate(key),
    stop() {
      clearInterval(timer);
    },
  };
}

/** Builds what answers requests: the two coalescers and the HTTP application on top of them. */
async function serve(parts: Parts, { host, port }: Environment): Promise<Serving> {
  const { database, rules, institutions, clock, log, newId, runClearing } = parts;
  const { settlementStore: store, settlementQueries: queries } = database;
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

  const keys = await watchKeys(database.keyStore, log);
  const app = createHttpApp({
    settle: (command) => settling.submit(command),
    quote: (command) => quoting.submit(command),
    reverse: (command) => reverseSettlement(settleDeps, command),
    queries,
    persons: database.personStore,
    clearing: database.clearingStore,
    runClearing,
    rulebook,
    institutions,
    counties: new Map(rules.regions.map((region) => [region.code, region])),
    authenticate: keys.authenticate,
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
      keys.stop();
      const closed = new Promise((done) => server.close(done));
      server.closeIdleConnections();
      await Promise.all([settling.drained(), quoting.drained()]);
      // Answers are on their way by now; a connection that is kept alive for nothing must not keep us.
      setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS).unref();
      await closed;
    },
  };
}

/** Starts what runs by itself: clearing every night and after every start, and a loop of messages to each fund. */
function work({ database, clock, log, newId, clearing, rules }: Parts, { fundUrls }: Environment): Stoppable {
  const { leaseStore: leases, outboxStore: outbox, settlementQueries: queries } = database;
  const deps = { leases, clock, newId, log };
  const job = keepJob(deps, clearingJob(clearing));
  const night = everyNightAt(CLEARING_TIME, () => {
    job.trigger();
  });

  const breakers = createBreakers(undefined, (change) => {
    log.warn(change, 'a breaker changed');
  });
  const source = createMessageSource({ queries, clearing: database.clearingStore, rulebook: () => rules.rulebook });
  const loops = Array.from(fundUrls, ([region, url]) => {
    const client = createFundClient({ region, url }, breakers);
    const dispatch = (signal: AbortSignal) => dispatchOutbox({ outbox, source, client, clock }, signal);
    return startDispatchLoop({ ...deps, dispatch }, region);
  });
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      breakers.close();
      await night.stop();
      await job.stop();
    },
  };
}

/**
 * Starts a process: rules → database → what answers → what runs by itself; `stop` goes the other way.
 *
 * @throws AppError BAD_RULES, DATABASE_UNAVAILABLE, DATABASE_REFUSED
 */
export async function start(options: StartOptions): Promise<RunningService> {
  const { environment, clock = systemClock } = options;
  const log = pino({ level: environment.logLevel });
  const { rules, institutions } = loadConfig(environment.configDir);
  const database = await openStores(environment, rules, clock);
  const newId = createIdSource(() => clock.now());
  const regions = rules.regions.map(({ code }) => code);
  const clearing = { store: database.clearingStore, regions, clock };
  const runClearing = (businessDate: DateText) =>
    clearNow({ leases: database.leaseStore, clock, newId, log }, clearing, businessDate);
  const parts: Parts = { database, rules, institutions, clock, log, newId, clearing, runClearing };

  const serving = options.serve ? await serve(parts, environment) : undefined;
  const working = options.work ? work(parts, environment) : undefined;
  log.info({ url: serving?.url, engine: database.engine }, 'started');
  return {
    url: serving?.url,
    database,
    rules,
    institutions,
    runClearing,
    async stop() {
      await working?.stop();
      await serving?.stop();
      await database.close();
      log.info({}, 'stopped');
    },
  };
}

/** Does what the role says: `serve`, `worker`, `migrate`, or `demo`, which is all of them with a sample day. */
async function main(role: string | undefined): Promise<void> {
  const environment = readEnvironment();
  if (role === 'migrate') {
    await (await openStores(environment, loadConfig(environment.configDir).rules, systemClock)).close();
    return;
  }
  if (role === 'demo') {
    // Only here, so that a process in production loads no simulator.
    const { runDemo } = await import('./cli/demo.ts');
    stopOnSignal(await runDemo(environment, (settings) => start({ environment: settings, serve: true, work: true })));
    return;
  }
  if (role !== 'serve' && role !== 'worker') {
    throw new AppError('UNKNOWN_ROLE', `${role ?? 'none'} is not a role: serve, worker, migrate or demo`, {
      status: 400,
    });
  }
  stopOnSignal(await start({ environment, serve: role === 'serve', work: role === 'worker' }));
}

function stopOnSignal(service: Stoppable): void {
  const stop = (): void => {
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        complain(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

function complain(error: unknown): void {
  const words = error instanceof AppError ? `${error.message}\n${error.help ?? ''}` : String((error as Error).stack);
  process.stderr.write(`${words.trimEnd()}\n`);
}

if (import.meta.main) {
  main(process.argv[2]).catch((error: unknown) => {
    complain(error);
    process.exitCode = 1;
  });
}
