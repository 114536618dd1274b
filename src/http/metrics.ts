import type { PrefundUsage } from '../app/lifecycle/watch-prefunds.ts';
import type { PartnerNow } from '../app/partners/look-at-partners.ts';
import type { CountyFeeds } from '../app/funds/read-feeds.ts';
import type { Clock } from '../platform/clock.ts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What is measured, and the text that `/metrics` serves. */
export interface Metrics {
  settled(outcome: string): void;
  reversed(outcome: string): void;
  quoted(outcome: string): void;
  /** Size of a batch that the coalescer put into one transaction. */
  batch(size: number): void;
  /** A way of recording how long requests of one route take; made once a route. */
  timer(route: string): (seconds: number, status: number) => void;
  /** A person or event that a fund pushed. */
  fed(what: 'person' | 'event', region: string, outcome: string): void;
  /** Says where it can be read how each county's copy stands. */
  watchCopy(read: () => Promise<readonly CountyFeeds[]>, clock: Clock): void;
  /** Says where the length of the settlement queue can be read. */
  watchQueue(waiting: () => number): void;
  /** Says where the usage of prefunds can be read; a failing read leaves the last values. */
  watchPrefunds(read: () => Promise<readonly PrefundUsage[]>): void;
  /** Says how the partners can be asked after when the metrics are read. */
  watchPartners(look: () => Promise<readonly PartnerNow[]>): void;
  text(): Promise<{ readonly type: string; readonly body: string }>;
}

// A commit takes one to five milliseconds; beyond a second somebody at a counter notices.
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128];

function counter(registry: Registry, name: string, help: string): (outcome: string) => void {
  const metric = new Counter({ name, help, labelNames: ['outcome'], registers: [registry] });
  return (outcome) => metric.inc({ outcome });
}

const BREAKER_VALUES = { closed: 0, halfOpen: 1, open: 2 } as const;
const CALLS = ['fires', 'failures', 'timeouts', 'rejects'] as const;

/** Gauges of partners, and what fills them; without a database they keep what they last showed. */
function watchPartners(registers: Registry[], look: () => Promise<readonly PartnerNow[]>): () => Promise<void> {
  const gauge = (name: string, help: string, labels: string[]) =>
    new Gauge({ name: `tongjie_partner_${name}`, help, labelNames: ['partner', ...labels], registers });
  const breakers = gauge('breaker', '0 closed, 1 half open, 2 open', ['operation']);
  const calls = gauge('calls', 'calls of a partner since the processes started', ['operation', 'outcome']);
  const messages = gauge('outbox', 'messages not delivered, by state', ['state']);
  const exposures = gauge('exposure_yuan', 'provisional settlements: open, and taken on today', ['of']);
  return async () => {
    for (const { county, operations, backlog, exposure } of await look().catch(() => [])) {
      const partner = county.code;
      for (const { operation, position, ...counts } of operations) {
        breakers.set({ partner, operation }, BREAKER_VALUES[position]);
        for (const outcome of CALLS) calls.set({ partner, operation, outcome }, counts[outcome]);
      }
      for (const state of ['waiting', 'failed', 'dead'] as const) messages.set({ partner, state }, backlog[state]);
      for (const part of ['open', 'today'] as const) exposures.set({ partner, of: part }, exposure[part] / 100);
    }
  };
}

/** How old each county's copy is and what is held back, read from the database once whenever somebody asks. */
function watchCopy(registry: Registry, read: () => Promise<readonly CountyFeeds[]>, clock: Clock): void {
  let reading: Promise<readonly CountyFeeds[]> | undefined;
  const once = (): Promise<readonly CountyFeeds[]> =>
    (reading ??= read()
      // A database that is away is told by /readyz; the other metrics are needed most then.
      .catch(() => [])
      .finally(() => {
        reading = undefined;
      }));
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    show: (gauge: Gauge, feeds: CountyFeeds) => void,
  ): unknown =>
    new Gauge({
      name,
      help,
      labelNames,
      registers: [registry],
      async collect() {
        for (const feeds of await once()) show(this, feeds);
      },
    });
  gauge(
    'tongjie_copy_age_seconds',
    'how long ago the oldest person of a county was so at the fund; infinite when one was never copied',
    ['region'],
    (age, { region, asOfMs }) => {
      age.set({ region }, asOfMs === undefined ? Infinity : (clock.now() - asOfMs) / 1000);
    },
  );
  gauge(
    'tongjie_fund_events_held',
    'accumulator events that wait for an earlier one, or were refused and keep later ones waiting',
    ['region', 'state'],
    (held, { region, eventsWaiting, eventsRefused }) => {
      held.set({ region, state: 'waiting' }, eventsWaiting);
      held.set({ region, state: 'refused' }, eventsRefused);
    },
  );
  gauge(
    'tongjie_feed_refused',
    'persons and events of a pulled feed that were refused',
    ['region', 'feed'],
    (refused, { region, pulls }) => {
      for (const pull of pulls) refused.set({ region, feed: pull.feed }, pull.refused);
    },
  );
}

/** Makes the metrics of one process, with Node's own beside them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  let refresh = (): Promise<void> => Promise.resolve();
  const latency = new Histogram({
    name: 'tongjie_http_request_seconds',
    help: 'time from request to answer, by route and class of status',
    labelNames: ['route', 'status'],
    buckets: SECONDS,
    registers,
  });
  const batches = new Histogram({
    name: 'tongjie_settlement_batch_size',
    help: 'bills in one transaction',
    buckets: BATCH_SIZES,
    registers,
  });
  const feds = new Counter({
    name: 'tongjie_fund_pushes_total',
    help: 'persons and events that funds pushed, by outcome',
    labelNames: ['what', 'region', 'outcome'],
    registers,
  });
  return {
    fed: (what, region, outcome) => feds.inc({ what, region, outcome }),
    watchCopy: (read, clock) => watchCopy(registry, read, clock),
    settled: counter(registry, 'tongjie_settlements_total', 'bills sent to be settled, by outcome'),
    reversed: counter(registry, 'tongjie_reversals_total', 'reversals asked for, by outcome'),
    quoted: counter(registry, 'tongjie_quotes_total', 'bills sent to be quoted, by outcome'),
    batch: (size) => batches.observe(size),
    timer(route) {
      const byClass = ['1xx', '2xx', '3xx', '4xx', '5xx'].map((status) => latency.labels(route, status));
      return (seconds, status) => byClass[Math.floor(status / 100) - 1]?.observe(seconds);
    },
    watchQueue(waiting) {
      const help = 'bills waiting for a batch';
      new Gauge({
        name: 'tongjie_settlement_queue',
        help,
        registers,
        collect() {
          this.set(waiting());
        },
      });
    },
    watchPrefunds(read) {
      const gauge = (name: string, help: string, valueOf: (prefund: PrefundUsage) => number): void => {
        new Gauge({
          name,
          help,
          labelNames: ['home', 'treatment'],
          registers,
          async collect() {
            // Metrics are read while the database is away, too: that is when they are wanted most.
            const prefunds = await read().catch(() => []);
            for (const prefund of prefunds) {
              this.set({ home: prefund.homeRegion, treatment: prefund.treatmentRegion }, valueOf(prefund));
            }
          },
        });
      };
      gauge('tongjie_prefund_balance_fen', 'prefund of a pair of counties', ({ balance }) => balance);
      gauge(
        'tongjie_prefund_usage_percent',
        "the month's clearing against the prefund, by pair of counties",
        ({ usage = 0 }) => usage / 100,
      );
    },
    watchPartners(look) {
      refresh = watchPartners(registers, look);
    },
    async text() {
      await refresh();
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}
