import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareGuides, GUIDE_SECTIONS, type Guide, type GuideEntry } from '../../../src/core/casework/guides.ts';

const entry = (id: string, en: string, zh = en): GuideEntry => ({ id, zh, en, source: 's', provenance: 'memory' });
const guide = (region: string, sections: Partial<Record<(typeof GUIDE_SECTIONS)[number], GuideEntry[]>>): Guide => ({
  region,
  sections: new Map(GUIDE_SECTIONS.flatMap((section) => (sections[section] ? [[section, sections[section]]] : []))),
});

describe('guides side by side', () => {
  it('mark what is the same, what differs and what only one says', () => {
    const a = guide('a', { filing: [entry('kinds', 'two'), entry('zone', 'none')], contact: [entry('phone', '1')] });
    const b = guide('b', {
      filing: [entry('zone', 'none'), entry('kinds', 'two', '两种'), entry('days', '6')],
      emergency: [entry('flag', 'yes')],
    });
    expect(compareGuides([a, b]).map(({ section, id, mark }) => `${section} ${id} ${mark}`)).toEqual([
      'filing kinds differs',
      'filing zone same',
      'filing days onlyInOne',
      'emergency flag onlyInOne',
      'contact phone onlyInOne',
    ]);
  });

  it('need all of three to be the same', () => {
    const says = (region: string, word?: string) =>
      guide(region, word === undefined ? {} : { filing: [entry('x', word)] });
    const mark = (...words: (string | undefined)[]) =>
      compareGuides(words.map((word, at) => says(String(at), word))).map((each) => each.mark);
    expect(mark('1', '1', '1')).toEqual(['same']);
    expect(mark('1', '1', '2')).toEqual(['differs']);
    expect(mark('1', '1', undefined)).toEqual(['differs']);
    expect(mark(undefined, '1', undefined)).toEqual(['onlyInOne']);
  });

  it('are the same beside themselves, and marked alike whoever comes first', () => {
    const entries = fc.uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c'), en: fc.constantFrom('1', '2') }), {
      selector: ({ id }) => id,
    });
    const any = fc.record({ filing: entries, contact: entries });
    fc.assert(
      fc.property(any, any, (left, right) => {
        const of = (region: string, { filing, contact }: typeof left) => {
          const entriesOf = (list: typeof filing) => list.map(({ id, en }) => entry(id, en));
          return guide(region, { filing: entriesOf(filing), contact: entriesOf(contact) });
        };
        const marks = (...guides: Guide[]) =>
          new Map(compareGuides(guides).map(({ section, id, mark }) => [`${section} ${id}`, mark]));
        expect(marks(of('l', left), of('r', right))).toEqual(marks(of('r', right), of('l', left)));
        for (const mark of marks(of('l', left), of('r', left)).values()) expect(mark).toBe('same');
      }),
    );
  });
});
