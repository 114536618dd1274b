import type { DateText } from '../calendar.ts';
import type { Fen } from '../money/fen.ts';
import { rowFor, type Attributes } from '../policy/parameter.ts';
import type { Layer, Policy } from '../policy/policy.ts';
import type { Tally } from './accumulate.ts';
import { NO_ADJUSTMENT } from './out-of-area.ts';
import { takeFromParts, type BenefitPart, type PersonParts } from './person-parts.ts';
import { runStage } from './stage.ts';
import type { StageVerdict, TraceEntry } from './verdict.ts';

function payLumpSum(
  layer: Layer,
  accumulated: Fen,
  base: Fen,
  paidByBands: Fen,
  on: DateText,
  attributes: Attributes,
  trace: TraceEntry[],
): Fen {
  if (layer.lumpSum === undefined) return 0;
  const at = rowFor(layer.lumpSum.at, on, attributes);
  if (accumulated >= at.value || accumulated + base < at.value) return 0;
  const pays = rowFor(layer.lumpSum.pays, on, attributes);
  const lumpSum = Math.min(pays.value, base - paidByBands);
  trace.push({
    step: 'lumpSum',
    of: layer.id,
    rows: [at, pays],
    inputs: { accumulated, base },
    result: { lumpSum },
  });
  return lumpSum;
}

/**
 * Runs the further layers in the policy's order on what the person still bears, and takes their payments out of it.
 * A layer sees the parts of the bill under the benefits that it names, with the attributes of the first of them.
 *
 * @shape parts of the bill (the person's shares are changed in place) → one verdict for each layer that had a base
 * @units fen
 * @rounding half-up to the fen at each layer's payment
 * @source policy-facts G.9, C.3.9; config/policies/…#layers
 */
export function runLayers(
  policy: Policy,
  on: DateText,
  bill: readonly BenefitPart[],
  periodBucket: string | undefined,
  tally: Tally,
  trace: TraceEntry[],
): StageVerdict[] {
  const verdicts: StageVerdict[] = [];
  for (const layer of policy.layers) {
    const seen = bill.filter(({ benefit }) => layer.benefits.includes(benefit));
    const attributes = seen[0]?.attributes;
    if (attributes === undefined || layer.when?.holds(attributes) === false) continue;
    tally.enterPeriod(attributes.period === undefined ? undefined : periodBucket);
    const verdict = runLayer(
      layer,
      seen.map(({ parts }) => parts),
      on,
      attributes,
      tally,
      trace,
    );
    if (verdict !== undefined) verdicts.push(verdict);
  }
  return verdicts;
}

function runLayer(
  layer: Layer,
  lists: readonly PersonParts[],
  on: DateText,
  attributes: Attributes,
  tally: Tally,
  trace: TraceEntry[],
): StageVerdict | undefined {
  const amounts = layer.base.map((part) => lists.reduce((sum, parts) => sum + parts[part], 0));
  const base = amounts.reduce((sum, amount) => sum + amount, 0);
  if (base === 0) return undefined;
  const inputs = Object.fromEntries(layer.base.map((part, index) => [part, amounts[index] ?? 0]));
  trace.push({ step: 'layer', of: layer.id, rows: [], inputs, result: { base } });
  const accumulated = layer.lumpSum === undefined ? 0 : tally.read(layer.lumpSum.accumulator);
  const banded = runStage(
    {
      stage: layer,
      fund: layer.fund,
      stretches: [{ admission: 0, expense: base }],
      amounts: [{ itemClass: undefined, amount: base }],
      on,
      attributes,
      adjustment: NO_ADJUSTMENT,
    },
    tally,
    trace,
  );
  const lumpSum = payLumpSum(layer, accumulated, base, banded.paid, on, attributes, trace);
  tally.feed(layer.id, { paid: lumpSum }, attributes);
  const paid = banded.paid + lumpSum;
  takeFromParts(lists, layer.base, paid);
  return { ...banded, lumpSum, paid };
}
