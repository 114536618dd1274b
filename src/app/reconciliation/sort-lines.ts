import type { StagedLines } from './ports.ts';

/** Lines in the order of ids, no two of the same one; and those that there was no place for. */
export interface SortedLines {
  readonly bytes: Buffer;
  readonly first: string;
  readonly last: string;
  readonly repeating: StagedLines;
}

const TAB = '\t';

function staged(lines: readonly string[]): StagedLines {
  return { lines: lines.length, bytes: Buffer.from(lines.map((line) => `${line}\n`).join(''), 'latin1') };
}

const idOf = (line: string): string => line.slice(0, line.indexOf(TAB));

function endsOf(bytes: Buffer): Pick<SortedLines, 'first' | 'last'> {
  const lastLine = bytes.lastIndexOf('\n', bytes.length - 2) + 1;
  const idAt = (from: number): string => bytes.toString('latin1', from, bytes.indexOf(TAB, from));
  return { first: idAt(0), last: idAt(lastLine) };
}

/** Puts a few thousand lines in order, which takes some milliseconds; lines whose ids rise are not touched. */
export function sortLines({ bytes, lines: count }: StagedLines, isRising: boolean): SortedLines {
  if (isRising) return { bytes, ...endsOf(bytes), repeating: { lines: 0, bytes: Buffer.alloc(0) } };
  const lines = bytes.toString('latin1').split('\n', count);
  // TAB, behind the id, is below every character of ids.
  lines.sort();
  const isFirst = (line: string, at: number): boolean => at === 0 || idOf(lines[at - 1] ?? '') !== idOf(line);
  const sorted = staged(lines.filter(isFirst));
  const repeating = staged(lines.filter((line, at) => !isFirst(line, at)));
  return { bytes: sorted.bytes, ...endsOf(sorted.bytes), repeating };
}
