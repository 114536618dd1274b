import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startDispatchLoop, type Round } from '../../src/jobs/dispatch-loop.ts';
import type { LeaseDeps } from '../../src/jobs/lease.ts';
import { systemClock } from '../../src/platform/clock.ts';

const IDLE: Round = { delivered: 0, more: false, partnerDown: false };
const PAUSES = { busyMs: 10, idleMaxMs: 40, downMs: 20, downMaxMs: 40 };

describe('a dispatch loop', () => {
  const loops: { stop(): Promise<void> }[] = [];
  let nextHolder = 0;

  /** Leases in memory: one holder a name. */
  function leasesInMemory(): LeaseDeps['leases'] & { holders: Map<string, string> } {
    const holders = new Map<string, string>();
    return {
      holders,
      acquire(name, holder) {
        if ((holders.get(name) ?? holder) !== holder) return Promise.resolve(undefined);
        holders.set(name, holder);
        return Promise.resolve({ token: 1 });
      },
      release(name) {
        holders.delete(name);
        return Promise.resolve();
      },
    };
  }

  function start(dispatch: () => Promise<Round>, leases = leasesInMemory(), partner = '330421') {
    const warnings: object[] = [];
    const log = { info: () => undefined, warn: (facts: object) => void warnings.push(facts) };
    const newId = (): string => `holder-${nextHolder++}`;
    const deps = { leases, clock: systemClock, newId, leaseMs: 60, log, dispatch, pauses: PAUSES };
    const loop = startDispatchLoop(deps, partner);
    loops.push(loop);
    return { loop, leases, warnings };
  }

  afterEach(async () => {
    await Promise.all(loops.splice(0).map((loop) => loop.stop()));
  });

  it('goes on at once while more is due', async () => {
    let rounds = 0;
    const startedMs = performance.now();
    start(() => Promise.resolve({ delivered: 500, more: (rounds += 1) < 200, partnerDown: false }));
    await vi.waitFor(() => expect(rounds).toBeGreaterThanOrEqual(200), { interval: 5 });
    expect(performance.now() - startedMs).toBeLessThan(200 * PAUSES.busyMs);
  });

  it('asks less often while nothing is due', async () => {
    let rounds = 0;
    start(() => {
      rounds += 1;
      return Promise.resolve(IDLE);
    });
    await sleep(400);
    expect(rounds).toBeGreaterThanOrEqual(5);
    expect(rounds).toBeLessThan(400 / PAUSES.busyMs / 2);
  });

  it('goes on after the partner was down and after the database was away', async () => {
    const rounds: (() => Promise<Round>)[] = [
      () => Promise.resolve({ ...IDLE, partnerDown: true }),
      () => Promise.reject(new RangeError('away')),
      () => Promise.resolve({ ...IDLE, delivered: 1 }),
    ];
    let done = 0;
    const { warnings } = start(() => {
      done += 1;
      return (rounds.shift() ?? (() => Promise.resolve(IDLE)))();
    });
    await vi.waitFor(() => expect(done).toBeGreaterThan(3));
    expect(warnings).toMatchObject([{ partner: '330421', code: 'INTERNAL' }]);
  });

  it('stops after the round under way and gives its lease back', async () => {
    let finish = (): void => undefined;
    let isRunning = false;
    const { loop, leases } = start(async () => {
      isRunning = true;
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      isRunning = false;
      return IDLE;
    });
    await vi.waitFor(() => expect(isRunning).toBe(true));
    const stopped = loop.stop();
    finish();
    await stopped;
    expect(isRunning).toBe(false);
    expect(leases.holders.size).toBe(0);
  });

  it('works for a partner in one process at a time, and for several partners side by side', async () => {
    const working = new Map<string, number>();
    const seen: number[] = [];
    const dispatchFor = (partner: string) => async (): Promise<Round> => {
      working.set(partner, (working.get(partner) ?? 0) + 1);
      seen.push(working.get(partner)!);
      await sleep(5);
      working.set(partner, working.get(partner)! - 1);
      return IDLE;
    };
    const leases = leasesInMemory();
    for (const partner of ['330421', '330421', '320509']) start(dispatchFor(partner), leases, partner);
    await vi.waitFor(() => expect(leases.holders.size).toBe(2));
    await sleep(100);
    expect(seen.length).toBeGreaterThan(4);
    expect(Math.max(...seen)).toBe(1);
  });
});
