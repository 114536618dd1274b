import type { Verdict } from '../../core/adjudicate/verdict.ts';
import { previousDate } from '../../core/calendar.ts';
import type { Catalogue } from '../../core/policy/catalogue.ts';
import { inForce, type Rulebook } from '../../core/policy/rulebook.ts';

/**
 * The catalogues that a bill's lines were split by. Each lasts until the next of them, because their own last days are not
 * those of then: they move when a successor is added, which leaves the hash as it is.
 *
 * @shape verdict, rulebook → by first day; empty unless every one of them is held
 */
export function cataloguesUsed({ catalogueHashes }: Verdict, rulebook: Rulebook): readonly Catalogue[] {
  const held = catalogueHashes.flatMap((hash) => rulebook.catalogueByHash(hash) ?? []);
  if (held.length < catalogueHashes.length) return [];
  held.sort((left, right) => (left.from < right.from ? -1 : 1));
  return held.map((catalogue, at) => {
    const next = held[at + 1];
    return { ...catalogue, to: next && previousDate(next.from) };
  });
}

/**
 * The rulebook as a settlement found it: its own policy and catalogues by their hashes, before what is in force now. What
 * two regions agreed has no hash: but for whose catalogue it was, that is as it is now.
 *
 * @shape verdict, rulebook → rulebook to work the same bill out again
 */
export function rulesAsSettled(verdict: Verdict, rulebook: Rulebook): Rulebook {
  const policy = rulebook.policyByHash(verdict.policyHash);
  const catalogues = cataloguesUsed(verdict, rulebook);
  return {
    ...rulebook,
    policyOn(region, scheme, on) {
      const isOwn = policy?.region === region && policy.scheme === scheme;
      return (isOwn ? inForce([policy], on) : undefined) ?? rulebook.policyOn(region, scheme, on);
    },
    catalogueOn(region, on) {
      const own = catalogues.filter((catalogue) => catalogue.region === region);
      return inForce(own, on) ?? rulebook.catalogueOn(region, on);
    },
    pairOn: (home, treatment, benefit, on) => ({
      ...rulebook.pairOn(home, treatment, benefit, on),
      catalogueOf: verdict.catalogueOf,
    }),
  };
}
