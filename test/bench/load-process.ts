import { answerJobs } from './bench-child.ts';
import { createBillRequests, type BillSource } from './bench-bills.ts';
import type { LoadResult } from './latency-record.ts';
import { closedLoop, openLoop } from './load-loops.ts';
import { seeded } from './seeded.ts';

/** One load, as the process that makes it is told. */
export interface LoadJob {
  readonly ports: readonly number[];
  readonly loop: { readonly clients: number } | { readonly perSecond: number };
  readonly seconds: number;
  readonly path: '/v1/settlements' | '/v1/quotes';
  readonly source: BillSource;
  /** Keeps bill numbers of several loads apart, and their chances. */
  readonly run: number;
}

if (import.meta.main) {
  answerJobs(({ ports, loop, seconds, path, source, run }: LoadJob): Promise<LoadResult> => {
    const nextRequest = createBillRequests(source, path, `B${run}`, run);
    return 'clients' in loop
      ? closedLoop(ports, loop.clients, seconds, nextRequest)
      : openLoop(ports, loop.perSecond, seconds, nextRequest, seeded(run));
  });
}
