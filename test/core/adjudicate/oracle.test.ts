import { expect, it } from 'vitest';
import { Choices, shrink } from '../../oracle/choices.ts';
import { printCase } from '../../oracle/print.ts';
import { generateHistory } from '../../oracle/generate.ts';
import { disagreement } from '../../oracle/run.ts';

const BILLS = Number(process.env.ORACLE_BILLS ?? 20_000);
const SEED = Number(process.env.ORACLE_SEED ?? 1);

/** What must have had an effect, so that agreement about it means something. */
const MECHANISMS = [
  'account carried',
  'account current',
  'account family',
  'account first',
  'accumulator by period',
  'band edge met exactly',
  'bands by class',
  'bands crossed, afterDeductible',
  'bands crossed, gross',
  'bill of nothing',
  'cap includes the deductible',
  'cap nested',
  'cap on expense',
  'cap on payment, overflow expense',
  'cap on payment, overflow payment',
  'cap per bill',
  'cap reached exactly',
  'catalogue changes within the bill',
  'catalogue of the treatment region',
  'deductible ceiling',
  'deductible chained',
  'deductible firstCome keeps the first standard',
  'deductible flat',
  'deductible floor',
  'deductible waived',
  'deductible yearly partly used',
  'fallback to outpatient',
  'fallback without a benefit',
  'first period',
  'later period',
  'layer civilServant',
  'layer largeCost',
  'layer medicalAid',
  'layer seriousIllness',
  'line CLASS_A',
  'line CLASS_B',
  'line CLASS_C',
  'line FULL_SELF_PAY_RATIO',
  'line NOT_IN_CATALOGUE',
  'line RESTRICTED_USE',
  'line of nothing',
  'line over limit',
  'line refund',
  'long stay',
  'lump sum',
  'out of area, benefitTimes',
  'out of area, deductibleTimes',
  'out of area, extraFirstSelfPay',
  'out of area, level',
  'out of area, off in the zone',
  'out of area, ratioMinus',
  'products beyond safe integers',
  'rejection BENEFIT_NOT_PROVIDED',
  'rejection COVERAGE_SUSPENDED',
  'rejection DISEASE_NOT_LISTED',
  'rejection DISEASE_NOT_OPEN',
  'rejection NOT_INSURED',
  'rejection NO_CATALOGUE',
  'rejection NO_POLICY',
  'rejection NO_REGISTRATION',
  'rejection PERIOD_ENDED',
  'relapse',
];

/** The smallest history found on which the two differ in the same place, as text. */
function report(seed: number, taken: readonly number[], where: string): string {
  // Numbers in a place (a line, a bucket) change while the case shrinks; its words stay.
  const place = (difference: string | undefined) => difference?.replace(/:.*|\d+/g, '');
  const small = shrink(taken, (choices) => {
    const found = disagreement(generateHistory(Choices.listed(choices)));
    return found !== undefined && place(found.differences[0]) === place(where);
  });
  const history = generateHistory(Choices.listed(small));
  const found = disagreement(history);
  if (found === undefined) return `history ${seed}: ${where}, lost while shrinking`;
  const asText = (value: unknown) =>
    JSON.stringify(value, (key, each: unknown) =>
      key === 'trace' ? undefined : typeof each === 'bigint' ? Number(each) : each,
    );
  return [
    `engine and oracle differ on history ${seed} (ORACLE_SEED=${seed} repeats it); the smallest case found:`,
    ...found.differences,
    printCase(found.facts, history.rules),
    `engine: ${asText(found.engine)}`,
    `oracle: ${asText(found.oracle)}`,
  ].join('\n');
}

it(`agrees with the oracle on ${BILLS} bills from seed ${SEED} on, and reverses each`, { timeout: 600_000 }, () => {
  const seen = new Map<string, number>();
  let bills = 0;
  for (let seed = SEED; bills < BILLS; seed += 1) {
    const choices = Choices.seeded(seed);
    const found = disagreement(generateHistory(choices), ({ mechanisms }) => {
      bills += 1;
      for (const mechanism of mechanisms) seen.set(mechanism, (seen.get(mechanism) ?? 0) + 1);
    });
    if (found !== undefined) expect.fail(report(seed, choices.taken, found.differences[0] ?? ''));
  }
  const least = Math.floor(BILLS / 1_000);
  const rare = MECHANISMS.filter((mechanism) => (seen.get(mechanism) ?? 0) < least);
  expect(rare, `mechanisms that were active in fewer than ${least} of ${bills} bills`).toEqual([]);
});
