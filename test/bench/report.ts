/** One row of a printed table. */
export type Row = Readonly<Record<string, string | number>>;

/** A scenario's figures, for people and for `--json`. */
export interface Report {
  readonly scenario: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

/** Prints a report as an aligned table. */
export function printReport({ scenario, rows, notes }: Report): void {
  console.log(`\n${scenario}`);
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const texts = rows.map((row) => columns.map((column) => String(row[column] ?? '')));
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ');
  console.log(line(columns));
  for (const row of texts) console.log(line(row));
  for (const note of notes) console.log(note);
}

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = [...figures].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
