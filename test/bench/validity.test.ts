import { describe, expect, it } from 'vitest';
import { checkCounts, type SettledCounts } from './settled-check.ts';
import { makeCatalogue } from './import-catalogue.ts';
import { parseCatalogue } from '../../src/config/load-catalogue.ts';
import { FileErrors } from '../../src/config/rule-error.ts';
import { chooseScenarios, SCENARIOS } from './scenarios.ts';

const GOOD: SettledCounts = {
  settlements: 5,
  documents: 5,
  messages: 5,
  postings: 20,
  legs: 20,
  sum: 0,
  unbalanced: 0,
  raises: 4,
};

describe('counts', () => {
  it('pass when everything that was answered is there', () => {
    expect(checkCounts('settled', 5, GOOD)).toContain('postings 20 = legs 20');
  });

  it.each([
    ['a settlement too few', { settlements: 4 }],
    ['a settlement too many', { settlements: 6 }],
    ['a document too few', { documents: 4 }],
    ['a message too few', { messages: 4 }],
    ['a posting too few', { postings: 19 }],
    ['postings that do not add up', { sum: 1 }],
    ['a settlement whose postings do not add up', { unbalanced: 1 }],
  ])('refuse %s', (_, change) => {
    expect(() => checkCounts('settled', 5, { ...GOOD, ...change })).toThrow('not valid');
  });
});

describe('a made catalogue', () => {
  it('is read without an error, item for item', () => {
    const errors = new FileErrors('made.csv');
    const { items } = parseCatalogue('330421', '2026-01-01', makeCatalogue(2_000, 3), errors);
    expect(errors.found).toEqual([]);
    expect(items.size).toBe(2_000);
  });
});

describe('scenarios', () => {
  it('are all run when none is named, each once when it is named twice', () => {
    expect(chooseScenarios([]).map(([name]) => name)).toEqual(Object.keys(SCENARIOS));
    expect(chooseScenarios(['quote', 'settle', 'quote']).map(([name]) => name)).toEqual(['quote', 'settle']);
  });

  it('refuse a name that is none', () => {
    expect(() => chooseScenarios(['toString'])).toThrow('toString is no scenario');
  });
});
