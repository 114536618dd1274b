import type { RunnerDeps } from '../../src/jobs/runner.ts';

/** The leases of a runner that holds its first one and never renews or releases it: it has stalled, or its process sleeps. */
export function leaseWithoutRenewal(leases: RunnerDeps['leases']): RunnerDeps['leases'] {
  let acquired = false;
  return {
    acquire: (...lease) => {
      if (acquired) return new Promise(() => undefined);
      acquired = true;
      return leases.acquire(...lease);
    },
    release: () => Promise.resolve(),
  };
}
