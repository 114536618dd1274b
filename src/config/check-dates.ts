import { nextDate, previousDate, type DateText } from '../core/calendar.ts';

/** A span of days, both ends included; open when it has no end. */
export interface Span {
  readonly from: DateText;
  readonly to?: DateText | undefined;
}

/**
 * Checks that spans follow each other without gap or overlap and, where a whole is given, cover it.
 * `report` gets the position of the span that is wrong.
 */
export function checkTiling(
  spans: readonly Span[],
  whole: Span | undefined,
  report: (at: number, reason: string) => void,
): void {
  spans.forEach((span, at) => {
    if (span.to !== undefined && span.to < span.from)
      report(at, `ends on ${span.to}, before it starts on ${span.from}`);
    const before = spans[at - 1];
    if (before === undefined) return;
    if (before.to === undefined) report(at, `overlaps: what comes before has no \`to\``);
    else if (span.from <= before.to) report(at, `overlaps: what comes before lasts to ${before.to}`);
    else if (span.from > nextDate(before.to))
      report(at, `leaves a gap from ${nextDate(before.to)} to ${previousDate(span.from)}`);
  });
  const first = spans[0];
  const last = spans.at(-1);
  if (whole === undefined || first === undefined || last === undefined) return;
  if (first.from > whole.from) report(0, `leaves a gap from ${whole.from} to ${previousDate(first.from)}`);
  if (last.to !== undefined && (whole.to === undefined || last.to < whole.to)) {
    report(
      spans.length - 1,
      `leaves a gap from ${nextDate(last.to)} ${whole.to === undefined ? 'on' : `to ${whole.to}`}`,
    );
  }
}
