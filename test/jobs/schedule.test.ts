import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { everyNightAt } from '../../src/jobs/schedule.ts';

const HOUR_MS = 3_600_000;
const at = (time: string): number => Date.parse(`${time.replace(' ', 'T')}:00+08:00`);

describe('the nightly schedule', () => {
  let called: string[] = [];
  let schedule: ReturnType<typeof everyNightAt> | undefined;
  const shanghai = (): string => new Date(Date.now() + 8 * HOUR_MS).toISOString().slice(0, 16).replace('T', ' ');

  function start(time: string, now: string): void {
    vi.setSystemTime(at(now));
    schedule = everyNightAt(time, () => called.push(shanghai()));
  }

  beforeEach(() => {
    called = [];
    vi.useFakeTimers();
  });

  afterEach(async () => {
    await schedule?.stop();
    vi.useRealTimers();
  });

  it('calls once a night at its time in Asia/Shanghai, wherever the machine is', async () => {
    start('00:30', '2026-11-24 18:00');
    await vi.advanceTimersByTimeAsync(3 * 24 * HOUR_MS);
    expect(called).toEqual(['2026-11-25 00:30', '2026-11-26 00:30', '2026-11-27 00:30']);
  });

  it('calls late for nights that passed while the machine slept', async () => {
    start('00:30', '2026-11-24 23:00');
    await vi.advanceTimersByTimeAsync(60_000);
    // Timers wait out the rest of their time: an hour and a half is left of this one.
    vi.setSystemTime(at('2026-11-26 09:00'));
    await vi.advanceTimersByTimeAsync(24 * HOUR_MS);
    expect(called).toEqual(['2026-11-26 10:29', '2026-11-26 10:29', '2026-11-27 00:30']);
  });

  it('goes on with the next night when the clock is put back', async () => {
    start('00:30', '2026-11-25 00:00');
    await vi.advanceTimersByTimeAsync(HOUR_MS);
    vi.setSystemTime(at('2026-11-25 00:10'));
    await vi.advanceTimersByTimeAsync(25 * HOUR_MS);
    expect(called).toEqual(['2026-11-25 00:30', '2026-11-26 00:30']);
  });

  it('calls no more once it is stopped', async () => {
    start('00:30', '2026-11-24 18:00');
    await schedule?.stop();
    await vi.advanceTimersByTimeAsync(48 * HOUR_MS);
    expect(called).toEqual([]);
  });

  it.each(['24:00', '0:30', '00:60', '', '30 0 * * *'])('refuses %j', (time) => {
    expect(() => everyNightAt(time, () => undefined)).toThrow(/is not a time of day/);
  });
});
