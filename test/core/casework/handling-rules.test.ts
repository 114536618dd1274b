import { describe, expect, it } from 'vitest';
import { checklistFor, dueOf, lackingItems, type HandlingRules } from '../../../src/core/casework/handling-rules.ts';
import { PLAIN_WEEKS } from '../../../src/core/working-days.ts';

const item = (id: string, required: boolean, toVerify: boolean) => {
  return { id, name: id, nameEn: id, required, toVerify, source: 's', provenance: 'illustrative' } as const;
};
const CHECKLIST = [item('card', true, false), item('signature', true, true), item('letter', false, true)];
const deadline = (state: 'opened' | 'forwarded', workingDays: number, remindBefore: number) =>
  [state, { state, workingDays, remindBefore, source: 's', provenance: 'illustrative' }] as const;
const RULES: HandlingRules = {
  calendar: PLAIN_WEEKS,
  counties: new Map([
    [
      'home',
      {
        region: 'home',
        checklists: new Map([['manual', CHECKLIST]]),
        deadlines: new Map([deadline('forwarded', 5, 2), deadline('opened', 1, 0)]),
      },
    ],
  ]),
};
const PAIR = { openingRegion: 'away', decidingRegion: 'home' };
const standing = (state: 'opened' | 'forwarded' | 'closed') =>
  ({ state, form: 'collectedOnBehalf', granted: 0 }) as const;

describe('a checklist', () => {
  it('is the deciding county’s', () => {
    expect(checklistFor(RULES, PAIR, 'manual')).toBe(CHECKLIST);
    expect(checklistFor(RULES, PAIR, 'objectionUpheld')).toEqual([]);
    expect(checklistFor(RULES, { openingRegion: 'home', decidingRegion: 'away' }, 'manual')).toEqual([]);
  });

  it('lacks what is required and not there, and what is there and not verified', () => {
    const lacking = (provided: string[], verified: string[]) =>
      lackingItems(CHECKLIST, new Set(provided), new Set(verified)).map((each) => `${each.item} ${each.lacks}`);
    expect(lacking([], [])).toEqual(['card material', 'signature material']);
    expect(lacking(['card', 'signature'], [])).toEqual(['signature verification']);
    expect(lacking(['card', 'signature', 'letter'], ['signature'])).toEqual(['letter verification']);
    expect(lacking(['card', 'signature'], ['signature'])).toEqual([]);
    expect(lacking(['card'], ['signature'])).toEqual(['signature material']);
  });
});

describe('a deadline', () => {
  it('is that of the county whose turn it is, in working days', () => {
    // A Friday.
    expect(dueOf(RULES, PAIR, standing('forwarded'), '2026-11-27')).toEqual({
      actingRegion: 'home',
      dueDate: '2026-12-04',
      remindFrom: '2026-12-02',
    });
    const swapped = { openingRegion: 'home', decidingRegion: 'away' };
    expect(dueOf(RULES, swapped, standing('opened'), '2026-11-27')).toEqual({
      actingRegion: 'home',
      dueDate: '2026-11-30',
      remindFrom: '2026-11-30',
    });
  });

  it('is none where the county set none, or nobody has to act', () => {
    const none = { dueDate: undefined, remindFrom: undefined };
    expect(dueOf(RULES, PAIR, standing('opened'), '2026-11-27')).toEqual({ actingRegion: 'away', ...none });
    expect(dueOf(RULES, PAIR, standing('closed'), '2026-11-27')).toEqual({ actingRegion: undefined, ...none });
  });
});
