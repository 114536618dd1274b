import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCasework } from '../../src/config/load-casework.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { loadGuides } from '../../src/config/load-guides.ts';
import { compareGuides, GUIDE_SECTIONS } from '../../src/core/casework/guides.ts';
import { CASE_REASONS } from '../../src/core/casework/terms.ts';
import { actingSide, CASE_STATES } from '../../src/core/lifecycle/case-states.ts';
import { isWorkingDay } from '../../src/core/working-days.ts';

const REGION = { code: '320509', name: '吴江', nameEn: 'Wujiang', province: '江苏', prefixes: ['320509'] };
const REGIONS = [{ ...REGION, fund: { name: '基金', nameEn: 'fund' } }];
const folders: string[] = [];

function folderOf(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-casework-'));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

function problems(load: typeof loadCasework | typeof loadGuides, files: Readonly<Record<string, string>>): string[] {
  const folder = folderOf(files);
  const loaded = load(folder, REGIONS);
  if (loaded.ok) return [];
  return loaded.errors.map(({ file, path, reason }) => `${file.slice(folder.length + 1)} ${path}: ${reason}`);
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const ITEM = '{ id: card, name: 证, nameEn: card, required: true, toVerify: false, source: s, provenance: memory }';
const HANDLING = `
region: "320509"
checklists:
  - reasons: [standInRefused, expiredProvisional, correctionBlocked, correctionRejected, diseaseNotOpen, objectionUpheld, manual]
    items:
      - ${ITEM}
deadlines:
  - { state: opened, workingDays: 2, remindBefore: 1, source: s, provenance: illustrative }
`;

describe('the handling of cases', () => {
  it('is read as it is written', () => {
    const calendar = `
years:
  - { year: 2026, holidays: [2026-10-01], workdays: [2026-10-10], source: s, provenance: memory }`;
    const loaded = loadCasework(folderOf({ 'casework/320509.yaml': HANDLING, 'working-days.yaml': calendar }), REGIONS);
    expect(loaded.ok).toBe(true);
    if (!loaded.ok) return;
    const county = loaded.handling.counties.get('320509')!;
    expect(county.checklists.get('manual')).toEqual([
      { id: 'card', name: '证', nameEn: 'card', required: true, toVerify: false, source: 's', provenance: 'memory' },
    ]);
    expect([...county.deadlines.values()]).toMatchObject([{ state: 'opened', workingDays: 2, remindBefore: 1 }]);
    expect(isWorkingDay('2026-10-01', loaded.handling.calendar)).toBe(false);
    expect(isWorkingDay('2026-10-10', loaded.handling.calendar)).toBe(true);
  });

  it('may be missing, and then nothing is asked for', () => {
    expect(loadCasework(folderOf({}), REGIONS)).toMatchObject({ ok: true });
  });

  it('is refused with every error of every file', () => {
    const bad = HANDLING.replace(', manual]', ', manual, manual]')
      .replace('expiredProvisional, ', '')
      .replace(`- ${ITEM}`, `- ${ITEM}\n      - ${ITEM}`)
      .replace('state: opened, workingDays: 2, remindBefore: 1', 'state: closed, workingDays: 2, remindBefore: 3');
    expect(problems(loadCasework, { 'casework/320509.yaml': bad, 'casework/330421.yaml': HANDLING })).toEqual([
      'casework/330421.yaml : is not <region>.yaml of a region that there is',
      'casework/320509.yaml checklists: none is for expiredProvisional',
      'casework/320509.yaml checklists: more than one is for manual',
      'casework/320509.yaml checklists[0].items[1].id: card is there twice',
      'casework/320509.yaml deadlines[0].state: nobody has anything to do in a case that is closed',
      'casework/320509.yaml deadlines[0].remindBefore: is more than workingDays',
    ]);
    const shape = HANDLING.replace('required: true', 'required: perhaps, wanted: yes')
      .replace('source: s, provenance: memory', 'provenance: guess')
      .replace('workingDays: 2', 'workingDays: 0');
    expect(problems(loadCasework, { 'casework/320509.yaml': shape })).toEqual([
      'casework/320509.yaml checklists[0].items[0].required: "perhaps" is neither true nor false',
      'casework/320509.yaml checklists[0].items[0].source: is missing',
      'casework/320509.yaml checklists[0].items[0].provenance: "guess" is not one of: sourced, memory, illustrative',
      'casework/320509.yaml checklists[0].items[0].wanted: unknown key',
      'casework/320509.yaml deadlines[0].workingDays: "0" is not a whole number from 1',
    ]);
    const calendar =
      'years: [ { year: 2026, holidays: [2027-01-01, 2026-13-01], workdays: [], source: s, provenance: memory } ]';
    expect(problems(loadCasework, { 'working-days.yaml': calendar })).toEqual([
      'working-days.yaml years[0].holidays[1]: "2026-13-01" is not a day (YYYY-MM-DD) that exists',
    ]);
    const other = 'years: [ { year: 2026, holidays: [2027-01-01], workdays: [], source: s, provenance: memory } ]';
    expect(problems(loadCasework, { 'working-days.yaml': other })).toEqual([
      'working-days.yaml years[0].holidays[0]: 2027-01-01 is not in 2026',
    ]);
  });
});

describe('guides', () => {
  const GUIDE = `
region: "320509"
sections:
  - id: filing
    steps:
      - { id: zone, zh: 无需备案, en: no filing, source: s, provenance: sourced }
`;

  it('are read, and refused with every error', () => {
    const loaded = loadGuides(folderOf({ 'guides/320509.yaml': GUIDE }), REGIONS);
    expect(loaded.ok && loaded.guides.get('320509')?.sections.get('filing')).toMatchObject([{ id: 'zone' }]);
    const step = '      - { id: zone, zh: 无需备案, en: no filing, source: s, provenance: sourced }';
    const bad = `${GUIDE.replace('"320509"', '"310118"')}${step}\n  - id: filing\n    steps:\n${step}\n`;
    expect(problems(loadGuides, { 'guides/320509.yaml': bad, 'guides/notes.txt': '' })).toEqual([
      'guides/notes.txt : is not <region>.yaml of a region that there is',
      'guides/320509.yaml region: is not the region that the file is named after',
      'guides/320509.yaml sections[1].id: filing is there twice',
      'guides/320509.yaml sections[0].steps[1].id: zone is there twice',
    ]);
    expect(
      problems(loadGuides, { 'guides/320509.yaml': GUIDE.replace('source: s, ', '').replace('zone', 'Zone 1') }),
    ).toEqual([
      'guides/320509.yaml sections[0].steps[0].id: is not an identifier: a small letter, then letters and digits',
      'guides/320509.yaml sections[0].steps[0].source: is missing',
    ]);
  });
});

describe('what the project ships', () => {
  const loaded = loadConfig(resolve(import.meta.dirname, '../../config'));
  const config = loaded.ok ? loaded.config : undefined;

  it('says for each county what every reason needs and how long every step may take', () => {
    expect(loaded.ok).toBe(true);
    for (const { code } of config!.rules.regions) {
      const county = config!.handling.counties.get(code);
      expect([...county!.checklists.keys()].sort()).toEqual([...CASE_REASONS].sort());
      const acted = CASE_STATES.filter((state) => actingSide({ state, form: 'authorised', granted: 1 }) !== undefined);
      expect([...county!.deadlines.keys()].sort()).toEqual([...acted].sort());
    }
  });

  it('has a guide of every section for each county, and they differ where the law does', () => {
    const guides = config!.rules.regions.map(({ code }) => config!.guides.get(code)!);
    for (const guide of guides) expect([...guide.sections.keys()].sort()).toEqual([...GUIDE_SECTIONS].sort());
    const marks = new Map(compareGuides(guides).map(({ section, id, mark }) => [`${section} ${id}`, mark]));
    expect(marks.get('filing insideZone')).toBe('same');
    expect(marks.get('specialDisease scope')).toBe('differs');
    expect(marks.get('specialDisease relapse')).toBe('onlyInOne');
  });
});
