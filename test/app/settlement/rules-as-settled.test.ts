import { describe, expect, it } from 'vitest';
import { cataloguesUsed, rulesAsSettled } from '../../../src/app/settlement/rules-as-settled.ts';
import type { Verdict } from '../../../src/core/adjudicate/verdict.ts';
import type { Catalogue } from '../../../src/core/policy/catalogue.ts';
import { smallRulebook, SMALL_ITEM, SMALL_REGION } from '../../support/small-rules.ts';

const RATIO = (value: string) => `
benefits:
  outpatient: { bands: { ratio: [ { from: 1900-01-01, value: ${value}, source: test, provenance: illustrative } ] } }
`;
const now = smallRulebook(RATIO('0.70'));
const then = smallRulebook(RATIO('0.80'));
const DAY = '2026-11-24';

const policyOn = (rulebook: typeof now, on: string) => rulebook.policyOn(SMALL_REGION, 'employee', on);
const old = policyOn(then, DAY)!;

function catalogue(hash: string, from: string): Catalogue {
  // As read back from the archive: without a last day.
  return { hash, region: SMALL_REGION, from, to: undefined, items: new Map([[SMALL_ITEM.code, SMALL_ITEM]]) };
}
const archived = new Map([catalogue('late', '2026-07-01'), catalogue('early', '2026-01-01')].map((c) => [c.hash, c]));

const rulebook: typeof now = {
  ...now,
  policyByHash: (hash) => (hash === old.hash ? old : now.policyByHash(hash)),
  catalogueByHash: (hash) => archived.get(hash) ?? now.catalogueByHash(hash),
};

const verdict = (changes: Partial<Verdict>) =>
  ({ policyHash: old.hash, catalogueHashes: ['late', 'early'], catalogueOf: 'treatment', ...changes }) as Verdict;

describe('rules as a settlement found them', () => {
  it('have its policy in force, and whose catalogue it was', () => {
    const settled = rulesAsSettled(verdict({}), rulebook);
    expect(policyOn(settled, DAY)).toBe(old);
    expect(policyOn(rulebook, DAY)).not.toBe(old);
    expect(settled.policyOn('310118', 'employee', DAY)).toBeUndefined();
    expect(settled.policyOn(SMALL_REGION, 'resident', DAY)).toBeUndefined();
    expect(settled.pairOn(SMALL_REGION, '310118', 'outpatient', DAY).catalogueOf).toBe('treatment');
  });

  it('end a catalogue where the next one of the bill begins', () => {
    const settled = rulesAsSettled(verdict({}), rulebook);
    const at = (on: string) => settled.catalogueOn(SMALL_REGION, on);
    expect(at('2026-06-30')).toMatchObject({ hash: 'early', to: '2026-06-30' });
    expect(at('2026-07-01')).toMatchObject({ hash: 'late', to: undefined });
    expect(at('2025-12-31')?.hash).toBe('small');
  });

  it('are those of now where they are not held', () => {
    const lost = verdict({ policyHash: 'lost', catalogueHashes: ['late', 'lost'] });
    expect(cataloguesUsed(lost, rulebook)).toEqual([]);
    const settled = rulesAsSettled(lost, rulebook);
    expect(policyOn(settled, DAY)).toBe(policyOn(now, DAY));
    expect(settled.catalogueOn(SMALL_REGION, DAY)?.hash).toBe('small');
  });
});
