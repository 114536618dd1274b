const WORD = 2 ** 32;

/**
 * Where a generator takes its decisions from: a stream of 32-bit numbers, of which 0 always leads to the simplest
 * outcome. The stream is seeded, or a list (zeros behind its end), so that whatever was generated can be made smaller
 * by making its list of numbers smaller.
 */
export class Choices {
  readonly taken: number[] = [];
  private readonly draw: () => number;

  constructor(draw: () => number) {
    this.draw = draw;
  }

  static seeded(seed: number): Choices {
    let state = seed >>> 0;
    // mulberry32
    return new Choices(() => {
      state = (state + 0x6d2b79f5) >>> 0;
      let word = Math.imul(state ^ (state >>> 15), 1 | state);
      word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
      return (word ^ (word >>> 14)) >>> 0;
    });
  }

  static listed(list: readonly number[]): Choices {
    let position = 0;
    return new Choices(() => list[position++] ?? 0);
  }

  private word(): number {
    const word = this.draw();
    this.taken.push(word);
    return word;
  }

  /** A whole number of `min…max`; the least is the simplest. */
  int(min: number, max: number): number {
    const span = max - min + 1;
    if (span <= WORD) return min + Math.floor((this.word() / WORD) * span);
    const fine = this.word() * 2 ** 20 + (this.word() >>> 12);
    return min + Math.floor((fine / 2 ** 52) * span);
  }

  /** True in so many of a hundred; false is the simplest. */
  chance(percent: number): boolean {
    return this.word() >= WORD * (1 - percent / 100);
  }

  /** One of a list; the first is the simplest. */
  pick<T>(list: readonly T[]): T {
    const item = list[this.int(0, list.length - 1)];
    if (item === undefined && list.length === 0) throw new Error('nothing to pick from');
    return item as T;
  }

  /** The members that luck keeps, in their order. */
  some<T>(list: readonly T[], percent: number): T[] {
    return list.filter(() => this.chance(percent));
  }

  /** All members in an order of luck; the given order is the simplest. */
  shuffled<T>(list: readonly T[]): T[] {
    const rest = [...list];
    const order: T[] = [];
    while (rest.length > 0) order.push(...rest.splice(this.int(0, rest.length - 1), 1));
    return order;
  }

  repeat<T>(min: number, max: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.int(min, max) }, (_, index) => make(index));
  }
}

/**
 * Looks for a smaller list of choices on which something still fails: leaves out stretches, then lowers numbers.
 *
 * @shape list that fails → list that fails, shorter and of smaller numbers, after at most `triesMax` tries
 */
export function shrink(
  list: readonly number[],
  fails: (list: readonly number[]) => boolean,
  triesMax = 6_000,
): number[] {
  let best = [...list];
  let tries = 0;
  const better = (candidate: number[]): boolean => {
    tries += 1;
    if (tries > triesMax || !fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let improved = true; improved && tries <= triesMax;) {
    improved = false;
    for (let length = best.length >> 1; length >= 1; length >>= 1) {
      for (let at = 0; at < best.length; at += length) {
        if (better(best.toSpliced(at, length))) improved = true;
        const zeroed = best.map((word, index) => (index >= at && index < at + length ? 0 : word));
        if (zeroed.some((word, index) => word !== best[index]) && better(zeroed)) improved = true;
      }
    }
    for (let at = 0; at < best.length; at += 1) {
      for (const part of [0, 0.25, 0.5, 0.75]) {
        const word = Math.floor((best[at] ?? 0) * part);
        if (word !== best[at] && better(best.with(at, word))) improved = true;
      }
    }
  }
  return best;
}
