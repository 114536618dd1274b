import type { Clock } from '../../src/platform/clock.ts';

/** A clock that stands still until it is put to another time, back or forward. */
export interface FakeClock extends Clock {
  /** `2026-11-25 00:30` in Asia/Shanghai. */
  put(time: string): void;
  advance(ms: number): void;
}

export function fakeClock(time: string): FakeClock {
  const parse = (text: string): number => Date.parse(`${text.replace(' ', 'T')}:00+08:00`);
  let nowMs = parse(time);
  return {
    now: () => nowMs,
    put(text) {
      nowMs = parse(text);
    },
    advance(ms) {
      nowMs += ms;
    },
  };
}
