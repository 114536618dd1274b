import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bookedFor, differencesOf, type AccountSum, type LayerSum } from '../../../src/core/clearing/agreement.ts';
import { postingsOf } from '../../../src/core/ledger/postings.ts';
import { FUNDS } from '../../../src/core/policy/terms.ts';

const fen = fc.oneof(fc.integer({ min: -500, max: 500 }), fc.constant(0), fc.integer({ min: -1e10, max: 1e10 }));

/** Bills with any amounts, also such as cancel each other out. */
const bill = fc.record({
  homeRegion: fc.constantFrom('310118', '320509'),
  treatmentRegion: fc.constantFrom('310118', '330421'),
  institutionId: fc.constantFrom('H1', 'H2'),
  scheme: fc.constantFrom('employee', 'resident'),
  funds: fc.record(Object.fromEntries(FUNDS.map((fund) => [fund, fen])) as Record<(typeof FUNDS)[number], typeof fen>),
  account: fen,
});
const bills = fc.array(bill, { maxLength: 30 });
type Bill = typeof bill extends fc.Arbitrary<infer T> ? T : never;

/** The three computations, done one bill at a time. */
function computationsOf(all: readonly Bill[]) {
  const gross: LayerSum[] = all.flatMap(({ funds, account, ...group }) => [
    ...FUNDS.map((layer) => ({ ...group, layer, settlements: 1, amount: funds[layer] })),
    { ...group, layer: 'account' as const, settlements: 1, amount: account },
  ]);
  const groups = all.map(({ funds, account, ...group }) => {
    return { ...group, settlements: 1, fundTotal: FUNDS.reduce((sum, fund) => sum + funds[fund], 0), account };
  });
  const booked: AccountSum[] = all
    // A bill whose parts cancel each other out has no postings; no real one is like that.
    .flatMap(({ account, ...one }) => postingsOf({ ...one, personal: [{ personId: 'p', amount: account }] }))
    .map((posting) => ({ ...posting, party: posting.account === 'personal' ? '' : posting.party }));
  return { gross, groups, booked };
}

function owedOf({ funds, account }: Bill): number {
  return FUNDS.reduce((sum, fund) => sum + funds[fund], account);
}

const realBills = bills.map((all) => all.filter((one) => owedOf(one) !== 0));

describe('three computations of a window', () => {
  it('agree for any bills, in any order', () => {
    fc.assert(
      fc.property(realBills, (all) => {
        const { gross, groups, booked } = computationsOf(all);
        expect(differencesOf(gross, groups, booked)).toEqual([]);
        expect(differencesOf(gross.toReversed(), groups.toReversed(), booked.toReversed())).toEqual([]);
      }),
    );
  });

  it('disagree for every fen that one of them has more, wherever it is', () => {
    const spoilt = fc.tuple(
      realBills.filter((all) => all.length > 0),
      fc.nat(),
      fc.constantFrom('gross', 'groups', 'booked'),
    );
    fc.assert(
      fc.property(spoilt, ([all, at, which]) => {
        const { gross, groups, booked } = computationsOf(all);
        const more = <T extends object>(list: readonly T[], key: keyof T, change: number) =>
          list.map((one, index) =>
            index === at % list.length ? { ...one, [key]: (one[key] as number) + change } : one,
          );
        const differences = differencesOf(
          which === 'gross' ? more(gross, 'amount', 1) : gross,
          which === 'groups' ? more(groups, 'fundTotal', 1) : groups,
          which === 'booked' ? more(booked, 'amount', 1) : booked,
        );
        expect(differences.length).toBeGreaterThan(0);
        for (const { expected, found } of differences) expect(Math.abs(expected - found)).toBe(1);
      }),
    );
  });

  it('name the place, what was expected there and what was found', () => {
    const group = { homeRegion: '320509', treatmentRegion: '310118', institutionId: 'H1', scheme: 'employee' };
    const gross = [{ ...group, layer: 'pool' as const, settlements: 1, amount: 700 }];
    const groups = [{ ...group, settlements: 1, fundTotal: 699, account: 0 }];
    expect(differencesOf(gross, groups, bookedFor(gross))).toEqual([
      { what: '320509 310118 H1 employee fundTotal', expected: 699, found: 700 },
    ]);
    const posted = bookedFor(gross).map((sum) => (sum.account === 'dueTo' ? { ...sum, party: '330421' } : sum));
    expect(differencesOf(gross, [{ ...groups[0]!, fundTotal: 700 }], posted)).toEqual([
      { what: '320509 dueTo 310118', expected: -700, found: 0 },
      { what: '320509 dueTo 330421', expected: 0, found: -700 },
    ]);
  });

  it('keep every book at 0', () => {
    fc.assert(
      fc.property(bills, (all) => {
        const books = new Map<string, number>();
        for (const { book, amount } of bookedFor(computationsOf(all).gross)) {
          books.set(book, (books.get(book) ?? 0) + amount);
        }
        expect([...books.values()].every((sum) => sum === 0)).toBe(true);
      }),
    );
  });
});
