import { join } from 'node:path';
import { pino, type Logger } from 'pino';
import type { CaseworkDeps } from './app/casework/case-deps.ts';
import { caseOpenerOf } from './app/casework/open-for-engine.ts';
import { settleHandingOver } from './app/casework/hand-over-refused.ts';
import { sweepMaterials } from './app/casework/sweep-materials.ts';
import type { ClearingDeps } from './app/clearing/run-clearing.ts';
import { listJobs } from './app/jobs/list-jobs.ts';
import { watchPrefunds } from './app/lifecycle/watch-prefunds.ts';
import { lookAtPartners } from './app/partners/look-at-partners.ts';
import { readFeeds } from './app/funds/read-feeds.ts';
import { createFileQueue } from './app/reconciliation/file-queue.ts';
import type { BillCommand } from './app/settlement/judge-bill.ts';
import { quoteBills } from './app/settlement/quote-bills.ts';
import { reverseSettlement } from './app/settlement/reverse-settlement.ts';
import { settleBills } from './app/settlement/settle-bills.ts';
import type { Provisional } from './app/standin/ports.ts';
import { settleAskingHome } from './app/standin/settle-asking-home.ts';
import { readEnvironment, type Environment } from './config/environment.ts';
import { loadConfig, type Config } from './config/load-config.ts';
import type { RuleError } from './config/rule-error.ts';
import { createRuleKeeper, type KeeperDeps, type RuleKeeper } from './config/rule-keeper.ts';
import type { DateText } from './core/calendar.ts';
import { openDatabase, type Database } from './db/open-database.ts';
import { createHttpApp } from './http/app.ts';
import { createCounterEvents } from './http/counter/counter-events.ts';
import type { HttpDeps } from './http/deps.ts';
import { listen } from './http/listen.ts';
import { createMetrics } from './http/metrics.ts';
import { showCorrection } from './http/settlement/settlement-endpoints.ts';
import { watchKeys } from './http/watch-keys.ts';
import { createJobStarter } from './jobs/asked-job.ts';
import { calendarJob, startCalendar } from './jobs/calendar-job.ts';
import { clearingAskedFor, clearingJob, clearNow } from './jobs/clearing-job.ts';
import { remindersJob } from './jobs/casework-job.ts';
import { keepJob } from './jobs/runner.ts';
import { CALENDAR_TIME, CLEARING_TIME, everyNightAt, REMINDER_TIME } from './jobs/schedule.ts';
import { watchCorrections } from './jobs/watch-corrections.ts';
import { standInFor, watchPartners, workForPartners, type PartnerOptions, type StandInParts } from './partner-parts.ts';
import type { Breakers } from './partners/breakers.ts';
import { shanghaiDate, systemClock, type Clock } from './platform/clock.ts';
import { createCoalescer } from './platform/coalescer.ts';
import { AppError } from './platform/errors.ts';
import { createIdSource } from './platform/ids.ts';
import { complain, onHangUp, stopOnSignal, type Stoppable } from './platform/signals.ts';

/** What a process is to be. */
export interface StartOptions extends PartnerOptions {
  /** Answers requests. */
  readonly serve: boolean;
  /** Runs what is due: clearing at night, messages to partners. */
  readonly work: boolean;
  /** Simulated fund systems that run in this process; none but in the demo. */
  readonly simulators?: HttpDeps['simulators'];
}

/** A process that has started. */
export interface RunningService {
  /** Undefined when it does not serve. */
  readonly url: string | undefined;
  readonly database: Database;
  /** As they are in force now. */
  readonly rules: Config['rules'];
  readonly institutions: Config['institutions'];
  readonly reloadRules: HttpDeps['reloadRules'];
  readonly runClearing: HttpDeps['runClearing'];
  /** In reverse order of the start; requests under way are answered first. */
  stop(): Promise<void>;
}

/** What every role is built from. */
interface Parts {
  readonly database: Database;
  readonly keeper: RuleKeeper;
  readonly clock: Clock;
  readonly log: Logger;
  readonly newId: () => string;
  readonly clearing: ClearingDeps;
  readonly casework: CaseworkDeps;
  readonly runClearing: HttpDeps['runClearing'];
  readonly lifecycle: HttpDeps['lifecycle'];
  readonly reloadRules: HttpDeps['reloadRules'];
  readonly breakers: Breakers;
  readonly standIn: StandInParts | undefined;
  readonly simulators: HttpDeps['simulators'];
}

interface Serving extends Stoppable {
  readonly url: string;
}

const WRITE_LANES = 4;
const READ_LANES = 2;
const LANE_WORTH = 4;
const BATCH_MAX = 32;
const QUEUE_MAX = 4096;

function refuseRules(errors: readonly RuleError[]): AppError {
  const problems = errors.map(({ file, path, reason }) => `${file}: ${path === '' ? '' : `${path}: `}${reason}`);
  return new AppError('BAD_RULES', `the rules are refused:\n${problems.join('\n')}`, {
    status: 500,
    help: 'correct the files named; tongjie policy check says the same',
  });
}

function firstConfig(configDir: string): Config {
  const loaded = loadConfig(configDir);
  if (!loaded.ok) throw refuseRules(loaded.errors);
  return loaded.config;
}

/** Opens the database, brings its tables up to date and makes sure that a window is open. */
async function openStores({ databaseUrl, dataDir }: Environment, clock: Clock): Promise<Database> {
  const database = await openDatabase({ url: databaseUrl, dataDir, connections: WRITE_LANES + READ_LANES + 1 });
  try {
    await database.migrate();
    const now = clock.now();
    await database.clearingStore.openFirstWindow(shanghaiDate(now), now);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function keepRules(configDir: string, first: Config, { ruleArchive }: Database, log: Logger): Promise<RuleKeeper> {
  const onLeftOut: KeeperDeps['onLeftOut'] = ({ hash, kind, region }, reason) => {
    log.warn({ hash, kind, region, reason }, 'archived rules that cannot be read any more');
  };
  return createRuleKeeper({ configDir, archive: ruleArchive, onLeftOut }, first);
}

/** The ports of what happens to statements after the night. */
function lifecycleOf(database: Database, keeper: RuleKeeper, clock: Clock, newId: () => string): HttpDeps['lifecycle'] {
  const { lifeStore: life, lifeQueries, calendarStore, clearingStore: clearing } = database;
  const calendar = () => keeper.current.calendar;
  return { life, lifeQueries, calendarStore, clearing, calendar, clock, newId };
}

/** Loads the rules again and says how it went, whoever asked for it. */
async function reloadRules(keeper: RuleKeeper, log: Logger): ReturnType<HttpDeps['reloadRules']> {
  const reloaded = await keeper.reload();
  if (!reloaded.ok) {
    log.error({ errors: reloaded.errors }, 'rules refused; those in force stay');
    return reloaded;
  }
  const { summary } = reloaded.config.rules;
  log.info({ policies: summary.policies.length, catalogues: summary.catalogues.length }, 'rules loaded again');
  return { ok: true, rules: summary };
}

/** Files of hospitals and home funds: one queue a process. */
function reconciling({ database, clock, log, newId }: Parts, dataDir: string, reverse: HttpDeps['reverse']) {
  const { differences, adjustments, totals, ...stores } = database.reconciliation;
  const { runs } = stores;
  const folder = join(dataDir, 'uploads');
  const files = createFileQueue({ ...stores, queries: database.settlementQueries, clock, folder, log });
  const decide = { runs, differences, adjustments, reverse, clock, newId };
  return { files, runs, differences, totals, decide };
}

/** Builds what answers requests: the two coalescers and the HTTP application on top of them. */
async function serve(parts: Parts, { host, port, dataDir }: Environment): Promise<Serving> {
  const { database, keeper, clock, log, newId, runClearing } = parts;
  const { settlementStore: store, settlementQueries: queries } = database;
  const rulebook = () => keeper.current.rules.rulebook;
  const { standIn } = parts;
  const settleDeps = { store, queries, rulebook, clock, newId, standIn: standIn?.desk };
  const metrics = createMetrics();
  const counterEvents = createCounterEvents();

  const settling = createCoalescer({
    lanes: WRITE_LANES,
    laneWorth: LANE_WORTH,
    batchMax: BATCH_MAX,
    queueMax: QUEUE_MAX,
    run: (batch: readonly BillCommand[]) => {
      metrics.batch(batch.length);
      return settleBills(settleDeps, batch);
    },
  });
  const quoting = createCoalescer({
    lanes: READ_LANES,
    laneWorth: LANE_WORTH,
    batchMax: BATCH_MAX,
    queueMax: QUEUE_MAX,
    run: (batch: readonly BillCommand[]) => quoteBills(settleDeps, batch),
  });
  metrics.watchQueue(() => settling.waiting);
  const { partnerStates: states, outboxStore: outbox } = database;
  const terms = (region: string) => keeper.current.partners.get(region);
  const { provisionalStore: provisionals } = database;
  const partners = { states, outbox, provisionals, terms, counties: () => keeper.current.rules.regions, clock };
  const settle = (command: BillCommand) => settling.submit(command);
  const asking = (command: BillCommand) =>
    standIn === undefined
      ? settle(command)
      : settleAskingHome({ ...standIn, freshLook: standIn.patientLook, settle }, command);
  const opener = caseOpenerOf(parts.casework);
  metrics.watchPartners(() => lookAtPartners(partners));
  metrics.watchCopy(() => readFeeds({ copies: database.copyStore, feeds: database.feedStore }), clock);
  metrics.watchPrefunds(() => watchPrefunds(parts.lifecycle));

  log.info(await sweepMaterials(parts.casework), 'materials swept');
  const keys = await watchKeys(database.keyStore, log);
  const reverse: HttpDeps['reverse'] = (command) => reverseSettlement(settleDeps, command);
  const reconciliation = reconciling(parts, dataDir, reverse);
  const runner = { leases: database.leaseStore, runs: database.jobRunStore, clock, newId, log };
  const starter = createJobStarter(runner);
  const httpDeps: HttpDeps = {
    settle: (command) => settleHandingOver({ settle: asking, persons: database.personStore, cases: opener }, command),
    quote: (command) => quoting.submit(command),
    reverse,
    reconciliation,
    queries,
    persons: database.personStore,
    copies: database.copyStore,
    feeds: database.feedStore,
    simulators: parts.simulators,
    clearing: database.clearingStore,
    lifecycle: parts.lifecycle,
    runClearing,
    jobs: {
      clearingTime: CLEARING_TIME,
      calendarTime: CALENDAR_TIME,
      list: (limit) => {
        const { jobRunStore: runs, clearingStore: clearing } = database;
        return listJobs({ runs, clearing, lifecycle: parts.lifecycle, clock }, limit);
      },
      find: (runId) => database.jobRunStore.find(runId),
      startClearing: (businessDate) => starter.start(clearingAskedFor(parts.clearing, businessDate)),
      startCalendar: () => starter.start(calendarJob(parts.lifecycle)),
    },
    ledger: database.ledgerQueries,
    casework: parts.casework,
    guides: () => keeper.current.guides,
    partners,
    provisionals,
    outbox,
    rulebook,
    rulesInForce: () => keeper.current.rules.summary,
    reloadRules: parts.reloadRules,
    findInstitution: (id) => keeper.current.institutions.get(id),
    findCounty: (code) => keeper.current.rules.regions.find((region) => region.code === code),
    authenticate: (key) => keys.authenticate(key),
    clock,
    newId,
    counterEvents,
    metrics,
    readiness: { database: () => database.ping() },
    log,
  };
  const show = (corrected: Provisional) => showCorrection(httpDeps, corrected);
  const watching = standIn && watchCorrections({ provisionals, show, clock, log });
  const app = createHttpApp(httpDeps);
  const listening = await listen(app, host, port);
  return {
    url: listening.url,
    async stop() {
      await watching?.stop();
      counterEvents.close();
      keys.stop();
      await listening.stop();
      await starter.stop();
      await reconciliation.files.stop();
    },
  };
}

/** Starts what runs by itself: clearing every night and after every start, and a loop of messages to each fund. */
function work(parts: Parts, { fundUrls }: Environment): Stoppable {
  const { database, clock, log, newId, clearing, casework, lifecycle } = parts;
  const {
    leaseStore: leases,
    jobRunStore: runs,
    provisionalStore: provisionals,
    settlementQueries: queries,
  } = database;
  const deps = { leases, runs, clock, newId, log };
  const job = keepJob(deps, clearingJob(clearing));
  const night = everyNightAt(CLEARING_TIME, () => {
    job.trigger();
  });
  const calendar = startCalendar(deps, lifecycle);
  const reminders = keepJob(deps, remindersJob({ ...casework, provisionals, queries }));
  const morning = everyNightAt(REMINDER_TIME, () => {
    reminders.trigger();
  });

  const loops = workForPartners(parts, fundUrls);
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()));
      await Promise.all([night.stop(), calendar.stop(), morning.stop()]);
      await Promise.all([job.stop(), reminders.stop()]);
    },
  };
}

/**
 * Starts a process: rules → database → what answers → what runs by itself; `stop` goes the other way.
 *
 * @throws AppError BAD_RULES, DATABASE_UNAVAILABLE, DATABASE_REFUSED
 */
export async function start(options: StartOptions): Promise<RunningService> {
  const { environment, clock = systemClock, simulators = new Map() } = options;
  const log = pino({ level: environment.logLevel });
  const config = firstConfig(environment.configDir);
  const database = await openStores(environment, clock);
  const running: Stoppable[] = [{ stop: () => database.close() }];
  const stop = async (): Promise<void> => {
    for (const one of running.splice(0).reverse()) await one.stop();
  };
  try {
    const keeper = await keepRules(environment.configDir, config, database, log);
    const newId = createIdSource(() => clock.now());
    const clearing: ClearingDeps = {
      store: database.clearingStore,
      steps: database.clearingSteps,
      reader: database.windowReader,
      clock,
      get regions() {
        return keeper.current.rules.regions.map(({ code }) => code);
      },
    };
    const runClearing = (businessDate: DateText) =>
      clearNow({ leases: database.leaseStore, runs: database.jobRunStore, clock, newId, log }, clearing, businessDate);
    const reload = () => reloadRules(keeper, log);
    const watching = watchPartners(database, options, newId(), log);
    running.push(watching);
    const { breakers } = watching;
    const casework: CaseworkDeps = {
      cases: database.caseStore,
      materialFiles: database.materialFiles,
      handlingRules: () => keeper.current.handling,
      clock,
      newId,
    };
    const standIn = standInFor(database, keeper, breakers, caseOpenerOf(casework), options, log);
    if (standIn !== undefined) running.push(standIn);
    const lifecycle = lifecycleOf(database, keeper, clock, newId);
    const common = { database, keeper, clock, log, newId, casework, lifecycle };
    const parts: Parts = { ...common, clearing, runClearing, reloadRules: reload, breakers, standIn, simulators };

    const serving = options.serve ? await serve(parts, environment) : undefined;
    if (serving !== undefined) running.push(serving);
    if (options.work) running.push(work(parts, environment));
    log.info({ url: serving?.url, engine: database.engine }, 'started');
    return {
      url: serving?.url,
      database,
      get rules() {
        return keeper.current.rules;
      },
      get institutions() {
        return keeper.current.institutions;
      },
      reloadRules: reload,
      runClearing,
      async stop() {
        await stop();
        log.info({}, 'stopped');
      },
    };
  } catch (error) {
    // A process that cannot start must end, not sit on open connections with nothing to do.
    await stop();
    throw error;
  }
}

/** Does what the role says: `serve`, `worker`, `migrate`, or `demo`, which is all of them with a sample day. */
async function main(role: string | undefined): Promise<void> {
  const environment = readEnvironment();
  if (role === 'migrate') {
    await (await openStores(environment, systemClock)).close();
    return;
  }
  if (role === 'demo') {
    // Only here, so that a process in production loads no simulator.
    const { runDemo } = await import('./cli/sample/demo.ts');
    stopOnSignal(
      await runDemo(environment, (settings, simulators) =>
        start({ environment: settings, serve: true, work: true, simulators }),
      ),
    );
    return;
  }
  if (role !== 'serve' && role !== 'worker') {
    throw new AppError('UNKNOWN_ROLE', `${role ?? 'none'} is not a role: serve, worker, migrate or demo`, {
      status: 400,
    });
  }
  const starting = start({ environment, serve: role === 'serve', work: role === 'worker' });
  onHangUp(async () => (await starting).reloadRules());
  stopOnSignal(await starting);
}

if (import.meta.main) {
  main(process.argv[2]).catch((error: unknown) => {
    complain(error);
    process.exitCode = 1;
  });
}
