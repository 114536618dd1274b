import { formatFen, formatRatio } from '../../core/money/text.ts';
import { NO_LIMIT, type ParameterRow } from '../../core/policy/parameter.ts';

/** Last words of names (of parameters and of a trace's inputs and results) whose numbers are ratios. */
const RATIOS = new Set(['ratio', 'factor', 'extraFirstSelfPay', 'ratioMinus', 'benefitTimes', 'deductibleTimes']);

/** Likewise for plain numbers: days, months, levels. */
const COUNTS = new Set(['longStayDays', 'months', 'level']);

/** Text for a cap that does not limit. */
const UNLIMITED = 'none';

function numberText(name: string, value: number): string {
  if (value === NO_LIMIT) return UNLIMITED;
  if (RATIOS.has(name)) return formatRatio(value);
  if (COUNTS.has(name)) return String(value);
  return formatFen(value);
}

/** A trace's inputs or results: `ratio.2` is a ratio, everything that is neither ratio nor count is money. */
export function traceValues(values: Readonly<Record<string, number | string>>): Record<string, string> {
  const texts = Object.entries(values).map(([key, value]) => [
    key,
    typeof value === 'string' ? value : numberText(key.split('.')[0] ?? key, value),
  ]);
  return Object.fromEntries(texts) as Record<string, string>;
}

function valueText(name: string, value: unknown): string {
  return typeof value === 'number' ? numberText(name, value) : String(value);
}

/**
 * A value of law with everything that a reader needs to check it.
 *
 * @units yuan with two places, ratios as decimals, days, months and levels as plain numbers; `none` is no limit
 */
export function presentParameter({
  parameter,
  from,
  to,
  when,
  value,
  source,
  provenance,
  note,
}: ParameterRow<unknown>) {
  const name = parameter.split('.').at(-1) ?? parameter;
  return {
    parameter,
    from,
    to,
    when: when?.text,
    value: Array.isArray(value) ? value.map((one) => valueText(name, one)) : valueText(name, value),
    source,
    provenance,
    note,
  };
}
