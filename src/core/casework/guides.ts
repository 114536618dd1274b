import type { Provenance } from '../policy/parameter.ts';

/** What every handling guide is about, in this order. */
export const GUIDE_SECTIONS = [
  'filing',
  'emergency',
  'specialDisease',
  'manualClaim',
  'materials',
  'deadlines',
  'contact',
] as const;
/** One of {@link GUIDE_SECTIONS}. */
export type GuideSection = (typeof GUIDE_SECTIONS)[number];

/** One thing that a guide says, in both languages. */
export interface GuideEntry {
  readonly id: string;
  readonly zh: string;
  readonly en: string;
  readonly source: string;
  readonly provenance: Provenance;
}

/** How a county's people and windows do things. */
export interface Guide {
  readonly region: string;
  readonly sections: ReadonlyMap<GuideSection, readonly GuideEntry[]>;
}

/** How the counties' words on one thing compare. */
export type GuideMark = 'same' | 'differs' | 'onlyInOne';

/** One thing, and what each county says about it; undefined where it says nothing. */
export interface ComparedEntry {
  readonly section: GuideSection;
  readonly id: string;
  readonly mark: GuideMark;
  readonly by: readonly { readonly region: string; readonly entry: GuideEntry | undefined }[];
}

function entryOf({ sections }: Guide, section: GuideSection, id: string): GuideEntry | undefined {
  return sections.get(section)?.find((entry) => entry.id === id);
}

function markOf(entries: readonly (GuideEntry | undefined)[]): GuideMark {
  const said = entries.filter((entry) => entry !== undefined);
  if (said.length === 1) return 'onlyInOne';
  const [first] = said;
  const isSame = said.length === entries.length && said.every(({ zh, en }) => zh === first?.zh && en === first.en);
  return isSame ? 'same' : 'differs';
}

/**
 * Lays guides side by side, section by section; in a section, things stand as the first guide that names them has them.
 * Equal words in both languages are the same; whence they are known plays no part.
 */
export function compareGuides(guides: readonly Guide[]): ComparedEntry[] {
  return GUIDE_SECTIONS.flatMap((section) => {
    const ids = new Set(guides.flatMap(({ sections }) => (sections.get(section) ?? []).map(({ id }) => id)));
    return [...ids].map((id): ComparedEntry => {
      const by = guides.map((guide) => ({ region: guide.region, entry: entryOf(guide, section, id) }));
      return { section, id, mark: markOf(by.map(({ entry }) => entry)), by };
    });
  });
}
