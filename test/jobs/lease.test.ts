import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, it, vi } from 'vitest';
import { underLease, type HeldLease, type LeaseDeps } from '../../src/jobs/lease.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { describeEachDatabase } from '../support/databases.ts';
import { fakeClock } from '../support/fake-clock.ts';

const NAME = 'clearing';

describeEachDatabase('a lease', (open) => {
  let deps: LeaseDeps;

  beforeAll(async () => {
    const { leaseStore } = await open();
    deps = { leases: leaseStore, clock: systemClock, newId: createIdSource(() => Date.now()) };
  });

  /** Work that goes on until it is let go. */
  function hold(under: LeaseDeps = deps) {
    let letGo = (): void => undefined;
    const until = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    let held: HeldLease | undefined;
    const done = underLease(under, NAME, async (lease) => {
      held = lease;
      await until;
      return lease.token;
    });
    return { letGo, done, lease: () => vi.waitFor(() => held ?? Promise.reject(new Error('not held yet'))) };
  }

  it('is held by one at a time, with a token that rises', async () => {
    const first = hold();
    const { token } = await first.lease();
    expect(await underLease(deps, NAME, () => Promise.resolve('both'))).toEqual({ kind: 'heldElsewhere' });
    first.letGo();
    expect(await first.done).toEqual({ kind: 'done', result: token });
    expect(await underLease(deps, NAME, (lease) => Promise.resolve(lease.token))).toEqual({
      kind: 'done',
      result: token + 1,
    });
  });

  it('goes to one of many that ask at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => underLease(deps, NAME, () => sleep(300))));
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(1);
  });

  it('is renewed for as long as the work takes', async () => {
    const brief = { ...deps, leaseMs: 150 };
    const first = hold(brief);
    const { signal } = await first.lease();
    for (let turn = 0; turn < 8; turn++) {
      await sleep(60);
      expect(await underLease(brief, NAME, () => Promise.resolve())).toEqual({ kind: 'heldElsewhere' });
    }
    expect(signal.aborted).toBe(false);
    first.letGo();
    await first.done;
  });

  it('is free again when the work fails', async () => {
    const failing = underLease(deps, NAME, () => Promise.reject(new RangeError('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await underLease(deps, NAME, () => Promise.resolve(1))).toEqual({ kind: 'done', result: 1 });
  });

  it('passes on when the holder died, and a holder that comes back is told that it lost it', async () => {
    const clock = fakeClock('2026-11-25 00:30');
    const stalled = hold({ ...deps, clock, leaseMs: 150 });
    const { signal, token } = await stalled.lease();
    // To another machine, whose clock is ahead, the lease has ended.
    const ahead = { ...deps, clock: fakeClock('2026-11-25 00:31'), leaseMs: 60_000 };
    expect(await underLease(ahead, NAME, (lease) => sleep(300, lease.token))).toEqual({
      kind: 'done',
      result: token + 1,
    });
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toMatchObject({ code: 'LEASE_LOST', retryable: true });
    stalled.letGo();
    await stalled.done;
  });

  it('is not lost at once when the database is away, but when it ends', async () => {
    let isAway = false;
    const leases: LeaseDeps['leases'] = {
      acquire: (...lease) => (isAway ? Promise.reject(new RangeError('away')) : deps.leases.acquire(...lease)),
      release: (...lease) => deps.leases.release(...lease),
    };
    const held = hold({ ...deps, leases, leaseMs: 300 });
    const { signal } = await held.lease();
    isAway = true;
    await sleep(150);
    expect(signal.aborted).toBe(false);
    await vi.waitFor(() => expect(signal.aborted).toBe(true));
    isAway = false;
    held.letGo();
    await held.done;
  });
});
