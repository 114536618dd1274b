import { AppError } from '../platform/errors.ts';

/** Seeded choices: the same seed makes the same ones on every machine. */
export interface Chance {
  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number;
  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** True this many times in a thousand. */
  hits(perMille: number): boolean;
  /** @throws AppError NOTHING_TO_PICK on an empty list */
  pick<T>(list: readonly T[]): T;
  /** As many different entries as asked, or all there are. */
  pickSome<T>(list: readonly T[], count: number): T[];
}

/** A 32-bit seed out of words, so that each day, person and bill can have a stream of its own (FNV-1a). */
export function seedOf(...words: readonly (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of words.join('/')) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}

/** Chance from a seed, by mulberry32. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const below = (limit: number): number => Math.floor((next() * limit) / 4_294_967_296);
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    hits: (perMille) => below(1000) < perMille,
    pick<T>(list: readonly T[]): T {
      if (list.length === 0) throw new AppError('NOTHING_TO_PICK', 'there is nothing to pick from', { status: 500 });
      return list[below(list.length)] as T;
    },
    pickSome(list, count) {
      const left = [...list];
      return Array.from({ length: Math.min(count, left.length) }, () => left.splice(below(left.length), 1)).flat();
    },
  };
}
