import { describe, expect, it } from 'vitest';
import { readArchivedRules } from '../../src/config/archived-rules.ts';
import { canonicalJson, contentHash } from '../../src/config/content-hash.ts';
import { loadRules, type RuleText } from '../../src/config/load-rules.ts';
import { CATALOGUE_HEADER, configFolder, smallPolicy } from '../support/config-folder.ts';

const ITEM = 'D1,"a drug, ""strong""",drug,B,0.10,0.20,12.5,"two\nlines",,sourced,list';

function text(kind: RuleText['kind'], content: string): RuleText {
  return { hash: contentHash(content), kind, region: '310118', content };
}

describe('archived rules', () => {
  it('are read back as they were loaded, but for the last day of a catalogue', () => {
    const folder = configFolder({
      'policies/310118/employee/2023.yaml': smallPolicy(),
      'catalogues/310118/2023-01-01.csv': `${CATALOGUE_HEADER}\n${ITEM}\n`,
      'catalogues/310118/2024-01-01.csv': `${CATALOGUE_HEADER}\n${ITEM}\nS1,自费,service,C,1,1,,,yes,memory,list\n`,
    });
    const loaded = loadRules(folder);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const { policies, catalogues } = loaded.summary;

    const read = readArchivedRules(loaded.texts);
    expect(read.leftOut).toEqual([]);
    expect(read.policies).toEqual(policies.map(({ policy }) => policy));
    expect(read.catalogues).toEqual(catalogues.map(({ catalogue }) => ({ ...catalogue, to: undefined })));
    expect(catalogues[0]?.catalogue.to).toBe('2023-12-31');
  });

  it('that do not compile any more are left out, each with its reason', () => {
    const good = text('catalogue', '{"region":"310118","from":"2023-01-01"}');
    const bad: readonly [RuleText, RegExp][] = [
      [text('policy', canonicalJson({ id: 'old', quota: '12' })), /unknown key|is missing/],
      [text('policy', 'id: never-was-json'), /JSON/],
      [text('catalogue', '{"region":"310118","from":"2023-01-01"}\n["D1","a drug"]'), /^row 2: has 2 fields/],
      [text('catalogue', '{"region":"310118"}'), /from/],
      [{ ...good, content: good.content.replace('2023', '2022') }, /not what the hash was taken of/],
    ];
    const read = readArchivedRules([good, ...bad.map(([rule]) => rule)]);
    expect(read.policies).toEqual([]);
    expect(read.catalogues).toMatchObject([{ hash: good.hash, region: '310118', from: '2023-01-01' }]);
    expect(read.leftOut).toEqual(
      bad.map(([rule, reason]) => ({ rule, reason: expect.stringMatching(reason) as string })),
    );
  });
});
