import { invariant } from '../invariant.ts';
import type { Attributes } from '../policy/parameter.ts';
import type { Accumulator, Measure, Policy } from '../policy/policy.ts';
import type { Accumulators } from './facts.ts';
import type { AccumulatorChange } from './verdict.ts';

/** What a stage did, by measure; what a stage does not know is left out. */
export type Measured = Readonly<Partial<Record<Measure, number>>>;

/**
 * The running accumulators of one bill: every stage reads what the stages before it, in this bill and in earlier ones,
 * have left, and adds its own.
 */
export class Tally {
  readonly #policy: Policy;
  readonly #before: Accumulators;
  readonly #yearBucket: string;
  readonly #changes = new Map<string, { bucket: string; name: string; before: number; after: number }>();
  #periodBucket: string | undefined;

  constructor(policy: Policy, before: Accumulators, yearBucket: string) {
    this.#policy = policy;
    this.#before = before;
    this.#yearBucket = yearBucket;
  }

  /** Sets the period of a special disease that `per: period` accumulators run over from here on. */
  enterPeriod(bucket: string | undefined): void {
    this.#periodBucket = bucket;
  }

  #bucketOf(accumulator: Accumulator): string | undefined {
    return accumulator.per === 'year' ? this.#yearBucket : this.#periodBucket;
  }

  /** What an accumulator stands at now; 0 for a period accumulator outside a period. */
  read(name: string): number {
    const accumulator = this.#policy.accumulators.find((candidate) => candidate.name === name);
    invariant(accumulator !== undefined, `policy ${this.#policy.id} declares accumulator ${name}`);
    const bucket = this.#bucketOf(accumulator);
    if (bucket === undefined) return 0;
    return this.#changes.get(`${bucket} ${name}`)?.after ?? this.#before[bucket]?.[name] ?? 0;
  }

  /** Adds what a stage measured to every accumulator that the stage feeds for a bill with these attributes. */
  feed(stage: string, measured: Measured, attributes: Attributes): void {
    for (const accumulator of this.#policy.accumulators) {
      if (!accumulator.of.includes(stage) || accumulator.when?.holds(attributes) === false) continue;
      const amount = measured[accumulator.measure] ?? 0;
      const bucket = this.#bucketOf(accumulator);
      if (amount === 0 || bucket === undefined) continue;
      const key = `${bucket} ${accumulator.name}`;
      const known = this.#changes.get(key);
      if (known !== undefined) {
        known.after += amount;
      } else {
        const before = this.#before[bucket]?.[accumulator.name] ?? 0;
        this.#changes.set(key, { bucket, name: accumulator.name, before, after: before + amount });
      }
    }
  }

  /** Every accumulator that changed. */
  changes(): AccumulatorChange[] {
    return [...this.#changes.values()];
  }
}

function shifted(accumulators: Accumulators, changes: readonly AccumulatorChange[], sign: 1 | -1): Accumulators {
  const buckets = new Map(
    Object.entries(accumulators).map(([bucket, names]) => [bucket, new Map(Object.entries(names))]),
  );
  for (const { bucket, name, before, after } of changes) {
    const names = buckets.get(bucket) ?? new Map<string, number>();
    buckets.set(bucket, names);
    const value = (names.get(name) ?? 0) + sign * (after - before);
    if (value === 0) names.delete(name);
    else names.set(name, value);
  }
  const filled = [...buckets].filter(([, names]) => names.size > 0);
  return Object.fromEntries(filled.map(([bucket, names]) => [bucket, Object.fromEntries(names)]));
}

/**
 * Accumulators after a bill. Changes are applied as differences, so that bills may be undone in any order.
 *
 * @shape accumulators, changes of one verdict → accumulators; a name at 0 is left out
 */
export function applyChanges(accumulators: Accumulators, changes: readonly AccumulatorChange[]): Accumulators {
  return shifted(accumulators, changes, 1);
}

/** Accumulators as if a bill had not been: the inverse of {@link applyChanges}. */
export function revertChanges(accumulators: Accumulators, changes: readonly AccumulatorChange[]): Accumulators {
  return shifted(accumulators, changes, -1);
}
