import type { PersonImport } from '../../app/ports.ts';
import { applyChanges } from '../../core/adjudicate/accumulate.ts';
import { adjudicate } from '../../core/adjudicate/adjudicate.ts';
import type { Bill } from '../../core/adjudicate/facts.ts';
import type { DateText } from '../../core/calendar.ts';
import { amountOf } from '../../core/money/fen.ts';
import { parsePrice } from '../../core/money/text.ts';
import type { Rulebook } from '../../core/policy/rulebook.ts';
import { createChance, seedOf } from '../../simulators/chance.ts';
import type { ChargeItem } from '../../simulators/charge-book.ts';

const QUANTITY_ONE = 10_000;

/** Two in three saw a doctor at home this year; few spent a lot. */
function visitsOf(personId: string): number {
  const chance = createChance(seedOf('earlier', personId));
  const fate = chance.below(100);
  if (fate < 35) return 0;
  return fate < 80 ? chance.between(5, 80) : chance.between(80, 400);
}

/**
 * A person as the home fund hands them over late in the year: what earlier visits at home used of deductibles, caps and
 * account, worked out by the engine's own rules so that it is a state that can be.
 *
 * @shape person, an item of class A, the day before which it was spent → person with accumulators and accounts moved on
 */
export function withEarlierSpending(
  imported: PersonImport,
  item: ChargeItem,
  rulebook: Rulebook,
  day: DateText,
): PersonImport {
  const { person, accounts, accumulators } = imported;
  const visits = visitsOf(person.id);
  if (visits === 0) return imported;
  const price = parsePrice(item.price) ?? 0;
  const quantity = visits * QUANTITY_ONE;
  const amount = amountOf(quantity, price);
  const bill: Bill = {
    kind: 'outpatient',
    visitDate: day,
    admissionDate: undefined,
    emergency: false,
    disease: undefined,
    total: amount,
    lines: [
      {
        no: 1,
        code: item.code,
        name: item.name,
        quantity,
        price,
        amount,
        feeDate: day,
        certifiedFor: undefined,
        restrictionMet: true,
        refundOf: undefined,
      },
    ],
  };
  const institution = { id: 'earlier', region: person.homeRegion, level: 2, groups: [] };
  const facts = { bill, institution, person, settledOn: day, accumulators, accounts: { ...accounts, family: 0 } };
  const verdict = adjudicate(facts, rulebook);
  if (verdict.kind === 'rejection') return imported;
  const { current, carried } = verdict.accounts;
  return {
    person,
    accounts: { current: accounts.current - current, carried: accounts.carried - carried },
    accumulators: applyChanges(accumulators, verdict.accumulators),
  };
}
