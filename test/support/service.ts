import { expect } from 'vitest';
import type { PersonImport } from '../../src/app/ports.ts';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { keyHashOf } from '../../src/http/authenticate.ts';
import { ROUTES } from '../../src/http/routes.ts';
import type * as bills from '../../src/http/schemas/bills.ts';
import type * as casework from '../../src/http/schemas/casework.ts';
import type * as clearing from '../../src/http/schemas/clearing.ts';
import type * as jobs from '../../src/http/schemas/jobs.ts';
import type * as ledger from '../../src/http/schemas/ledger.ts';
import type * as enquiries from '../../src/http/schemas/enquiries.ts';
import {
  problem,
  type BillConflict,
  type LaterBillsDepend,
  type RulesRefused,
} from '../../src/http/schemas/problems.ts';
import type * as partners from '../../src/http/schemas/partners.ts';
import type * as persons from '../../src/http/schemas/persons.ts';
import type * as rules from '../../src/http/schemas/rules.ts';
import type { FieldProblem } from '../../src/platform/errors.ts';
import { start, type RunningService, type StartOptions } from '../../src/main.ts';
import { freshPlace, type Place } from './databases.ts';
import { AWAY, HOME, writeServiceRules } from './service-rules.ts';
import { samplePerson } from './settlement-samples.ts';

/** Ten in the morning of the first business day, in Shanghai. */
export const NOW_MS = Date.UTC(2026, 10, 24, 2);

/** Who calls in tests, by the key that says so. */
export const KEYS = {
  hospital: { kind: 'institution', id: 'H33042100001' },
  otherHospital: { kind: 'institution', id: 'H31011800001' },
  homeFund: { kind: 'fund', id: HOME },
  awayFund: { kind: 'fund', id: AWAY },
  otherFund: { kind: 'fund', id: '310118' },
  homeClerk: { kind: 'clerk', id: 'wang', region: HOME },
  otherHomeClerk: { kind: 'clerk', id: 'li', region: HOME },
  awayClerk: { kind: 'clerk', id: 'zhao', region: AWAY },
  otherAwayClerk: { kind: 'clerk', id: 'qian', region: AWAY },
  strangeClerk: { kind: 'clerk', id: 'sun', region: '310118' },
  operator: { kind: 'operator', id: 'night' },
  display: { kind: 'display', id: 'H33042100001' },
  otherDisplay: { kind: 'display', id: 'H31011800001' },
  closedHospital: { kind: 'institution', id: 'H33042199999' },
} as const;

export type Caller = keyof typeof KEYS;

export interface Sent {
  readonly as?: Caller | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Every member that an answer may have; which ones it has is held against the contract before a test sees it. */
export type Body = Omit<bills.StatementAnswer, 'status'> &
  bills.SettlementList &
  Pick<bills.ReversalAnswer, 'reverses' | 'reason'> &
  Omit<enquiries.EligibilityAnswer, 'status'> &
  enquiries.AccumulatorsAnswer &
  clearing.WindowList &
  clearing.ClearingRunAnswer &
  clearing.NetPositionsAnswer &
  clearing.PairStatementList &
  clearing.PairStatementDetail &
  partners.PartnerList &
  partners.DeadLetterList &
  partners.DeadLetterDecided &
  Omit<jobs.JobRunView, 'state'> &
  jobs.JobListView &
  Omit<ledger.TrialBalance, 'at'> &
  Omit<ledger.AccountEntries, 'at' | 'entries'> &
  rules.RulesAnswer &
  casework.CaseDetail &
  casework.CaseList &
  casework.AddedMaterialAnswer &
  casework.LookList &
  casework.ServiceCounts &
  Omit<casework.GuideComparison, 'entries'> &
  persons.TakenPersons &
  persons.TakenEvents &
  persons.FeedsAnswer &
  Pick<persons.TakenPersonBody, 'outcome'> &
  Pick<RulesRefused, 'errors'> &
  Pick<LaterBillsDepend, 'dependents'> &
  Pick<BillConflict, 'settledContentHash'> & {
    readonly status: string | number;
    readonly code: string;
    readonly help: string;
    readonly entries: readonly (ledger.AccountEntries['entries'][number] &
      casework.GuideComparison['entries'][number])[];
    readonly fields: readonly FieldProblem[];
    readonly parts: Readonly<Record<string, string>>;
  };

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  /** What came, when it was no JSON. */
  readonly text: string;
}

export interface TestService extends RunningService {
  readonly url: string;
  readonly clock: { nowMs: number; now(): number };
  /** Sends a request and holds the answer against the contract: no member that it does not name, none that it misses. */
  call(method: string, path: string, sent?: Sent): Promise<Answer>;
  /** Rows of what settling writes, to see that nothing was written. */
  counts(): Promise<{ settlements: number; reversals: number; messages: number }>;
}

function routeOf(method: string, path: string) {
  const [plain = ''] = path.split('?');
  const pattern = (template: string) => new RegExp(`^${template.replaceAll(/:\w+/g, '[^/]+')}$`);
  return ROUTES.find((route) => route.method === method.toLowerCase() && pattern(route.path).test(plain));
}

function holdAgainstContract(method: string, path: string, status: number, type: string, body: unknown): void {
  const route = routeOf(method, path);
  if (status >= 400) {
    expect(type).toBe('application/problem+json');
    const schema = route?.problems?.[status] ?? problem;
    expect(schema.parse(body)).toEqual(body);
    return;
  }
  if (route === undefined || 'stream' in route) return;
  if ('send' in route) {
    expect(route.gives.mediaTypes).toContain(type.split(';')[0]);
    return;
  }
  const schema = route.answers[status];
  expect(schema, `${method} ${path} may answer ${status}`).toBeDefined();
  expect(schema?.parse(body)).toEqual(body);
}

async function prepare(
  options: { url?: string | undefined; dataDir: string },
  persons: readonly PersonImport[],
): Promise<void> {
  const database = await openDatabase(options);
  await database.migrate();
  const keys = Object.entries(KEYS).map(([name, principal]) => ({ keyHash: keyHashOf(name), principal }));
  await database.keyStore.add(keys);
  await database.personStore.importPersons(persons);
  await database.close();
}

const PERSONS: readonly PersonImport[] = [
  samplePerson('p1'),
  samplePerson('p2', { name: '王明' }),
  samplePerson('poor', { medicalAid: 'lowIncome' }),
  samplePerson('suspended', { coverage: [{ from: '2000-01-01', to: undefined, state: 'suspended' }] }),
  samplePerson('unregistered', { registrations: [] }),
  samplePerson('local', { homeRegion: AWAY }),
];

/** What services can be started on, one after the other: rules, and a database with keys and persons. */
export interface Ground {
  readonly place: Place;
  /** Folder of the rules. */
  readonly configDir: string;
  readonly remove: () => void;
}

/** Small rules, and an empty database with keys that are their own names and a few persons. */
export async function prepareGround(engine: Database['engine']): Promise<Ground> {
  const place = await freshPlace(engine);
  const rules = writeServiceRules();
  await prepare(place, PERSONS);
  const remove = (): void => {
    place.remove();
    rules.remove();
  };
  return { place, configDir: rules.folder, remove };
}

/** Starts the whole service on a ground of its own. */
export async function startService(engine: Database['engine']): Promise<TestService> {
  const ground = await prepareGround(engine);
  const service = await startOn(ground);
  return {
    ...service,
    async stop() {
      await service.stop();
      ground.remove();
    },
  };
}

/** What a service is started with beside the ordinary. */
type Beside = Pick<StartOptions, 'freshLook' | 'breakerOptions'> & {
  readonly fundUrls?: ReadonlyMap<string, string>;
};

function startRole(
  { place, configDir }: Ground,
  role: Pick<StartOptions, 'serve' | 'work' | 'clock'>,
  { fundUrls = new Map(), ...options }: Beside,
): Promise<RunningService> {
  const { dataDir, url: databaseUrl } = place;
  const address = { host: '127.0.0.1', port: 0 };
  const environment = { ...address, configDir, dataDir, databaseUrl, fundUrls, logLevel: 'silent' } as const;
  return start({ environment, ...role, ...options });
}

/** Starts a worker beside a service, with its clock. */
export function startWorkerOn(ground: Ground, clock: TestService['clock'], beside: Beside): Promise<RunningService> {
  return startRole(ground, { serve: false, work: true, clock }, beside);
}

/** Starts the whole service. */
export async function startOn(ground: Ground, beside: Beside = {}): Promise<TestService> {
  const clock = { nowMs: NOW_MS, now: () => clock.nowMs };
  const service = await startRole(ground, { serve: true, work: false, clock }, beside);
  const { url = '', database } = service;

  return {
    ...service,
    url,
    clock,
    async call(method, path, { as, body, headers = {} } = {}) {
      const response = await fetch(url + path, {
        method,
        redirect: 'manual',
        headers: {
          ...(as !== undefined && { authorization: `Bearer ${as}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && {
          body:
            typeof body === 'string' || body instanceof Uint8Array
              ? (body as Uint8Array<ArrayBuffer>)
              : JSON.stringify(body),
        }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type') ?? '';
      const answer = type.includes('json') ? (JSON.parse(text) as Body) : ({} as Body);
      holdAgainstContract(method, path, response.status, type, answer);
      return { status: response.status, headers: response.headers, body: answer, text };
    },
    async counts() {
      const { settlements, reversals } = await database.settlementQueries.totals();
      const pending = await database.outboxStore.pending();
      return { settlements, reversals, messages: pending.reduce((sum, { count }) => sum + count, 0) };
    },
  };
}
