import type { DateText } from '../calendar.ts';
import type { Fen } from '../money/fen.ts';
import { rowFor, type Attributes } from '../policy/parameter.ts';
import type { Layer, Policy } from '../policy/policy.ts';
import type { BenefitKind } from '../policy/terms.ts';
import type { Tally } from './accumulate.ts';
import { NO_ADJUSTMENT } from './out-of-area.ts';
import { takeFromParts, type PersonParts } from './person-parts.ts';
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
 *
 * @shape parts of the person's share (changed in place) → one verdict for each layer that had a base
 * @units fen
 * @rounding half-up to the fen at each layer's payment
 * @source policy-facts G.9, C.3.9; config/policies/…#layers
 */
export function runLayers(
  policy: Policy,
  kind: BenefitKind,
  on: DateText,
  attributes: Attributes,
  parts: PersonParts,
  tally: Tally,
  trace: TraceEntry[],
): StageVerdict[] {
  const verdicts: StageVerdict[] = [];
  for (const layer of policy.layers) {
    if (!layer.benefits.includes(kind) || (layer.when !== undefined && !layer.when.holds(attributes))) continue;
    const base = layer.base.reduce((sum, part) => sum + parts[part], 0);
    if (base === 0) continue;
    trace.push({
      step: 'layer',
      of: layer.id,
      rows: [],
      inputs: Object.fromEntries(layer.base.map((part) => [part, parts[part]])),
      result: { base },
    });
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
    tally.feed(layer.id, { paid: lumpSum });
    takeFromParts(parts, layer.base, banded.paid + lumpSum);
    verdicts.push({ ...banded, lumpSum, paid: banded.paid + lumpSum });
  }
  return verdicts;
}
