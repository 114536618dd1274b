/** An exact fraction, `top / per`, with `per` above zero. Never reduced: the oracle's chains are short. */
export interface Exact {
  readonly top: bigint;
  readonly per: bigint;
}

export const ONE: Exact = { top: 1n, per: 1n };

export function whole(value: number | bigint): Exact {
  return { top: BigInt(value), per: 1n };
}

/** A ratio as the policy types hold it: an integer count of 1e-8. */
export function ratio(value: number): Exact {
  return { top: BigInt(value), per: 100_000_000n };
}

export function plus(a: Exact, b: Exact): Exact {
  if (a.per === b.per) return { top: a.top + b.top, per: a.per };
  return { top: a.top * b.per + b.top * a.per, per: a.per * b.per };
}

export function minus(a: Exact, b: Exact): Exact {
  return plus(a, { top: -b.top, per: b.per });
}

export function times(a: Exact, b: Exact): Exact {
  return { top: a.top * b.top, per: a.per * b.per };
}

export function atMost(a: Exact, b: Exact): boolean {
  return a.top * b.per <= b.top * a.per;
}

/** Half away from zero, by the schoolbook: add a half to the magnitude and drop what is behind the point. */
export function rounded(value: Exact): bigint {
  const magnitude = value.top < 0n ? -value.top : value.top;
  const result = (2n * magnitude + value.per) / (2n * value.per);
  return value.top < 0n ? -result : result;
}

export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function notNegative(value: bigint): bigint {
  return value > 0n ? value : 0n;
}

export function sum(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}
