import { formatFen } from '../../core/money/text.ts';
import type { Accumulator } from '../../core/policy/policy.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import type { PersonState } from '../ports.ts';

/** A running sum as text: money in yuan, admissions as a plain count. */
export function accumulatorText(value: number, measure: Accumulator['measure'] | undefined): string {
  return measure === 'admissions' ? String(value) : formatFen(value);
}

/** First day that a bucket covers: a benefit year's, or that of a period of a special disease. */
function startOf(bucket: string): string {
  return bucket.slice(-10);
}

/**
 * A person's accumulators as the policies of their county name them.
 *
 * @shape person's state → buckets by first day, oldest first
 * @units fen → yuan as text; counts as they are
 */
export function presentAccumulators({ person, accumulators }: PersonState, rulebook: Rulebook, today: string) {
  const { homeRegion, scheme } = person;
  // What was reversed leaves an empty bucket behind.
  const filled = Object.entries(accumulators).filter(([, amounts]) => Object.keys(amounts).length > 0);
  const buckets = filled.sort(([left], [right]) => (startOf(left) < startOf(right) ? -1 : 1));
  return {
    personId: person.id,
    homeRegion,
    scheme,
    buckets: buckets.map(([bucket, amounts]) => {
      const policy =
        rulebook.policyOn(homeRegion, scheme, startOf(bucket)) ?? rulebook.policyOn(homeRegion, scheme, today);
      return {
        bucket,
        accumulators: Object.entries(amounts).map(([name, value]) => {
          const measure = policy?.accumulators.find((accumulator) => accumulator.name === name)?.measure;
          return { name, measure: measure ?? 'unknown', value: accumulatorText(value, measure) };
        }),
      };
    }),
  };
}
