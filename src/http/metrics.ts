import type { PrefundUsage } from '../app/lifecycle/watch-prefunds.ts';
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
  /** Says where the length of the settlement queue can be read. */
  watchQueue(waiting: () => number): void;
  /** Says where the usage of prefunds can be read; a failing read leaves the last values. */
  watchPrefunds(read: () => Promise<readonly PrefundUsage[]>): void;
  text(): Promise<{ readonly type: string; readonly body: string }>;
}

// A commit takes one to five milliseconds; beyond a second somebody at a counter notices.
const SECONDS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5];
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64, 128];

function counter(registry: Registry, name: string, help: string): (outcome: string) => void {
  const metric = new Counter({ name, help, labelNames: ['outcome'], registers: [registry] });
  return (outcome) => metric.inc({ outcome });
}

/** Makes the metrics of one process, with Node's own beside them. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
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
  return {
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
    async text() {
      return { type: registry.contentType, body: await registry.metrics() };
    },
  };
}
