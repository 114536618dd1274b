import { createReadStream } from 'node:fs';
import { readCsv, type CsvRow } from './csv-reader.ts';

/** Some rows of a file, and how much of it has been read by then. */
export interface CsvBlock {
  readonly rows: readonly CsvRow[];
  readonly bytes: number;
  /** What breaks RFC 4180 or UTF-8; the last block then. */
  readonly error: { readonly line: number; readonly reason: string } | undefined;
}

const BLOCK_BYTES = 1_000_000;
/** A row of this many characters is a quote that somebody forgot. */
const ROW_MAX = 1_000_000;

function countOf(text: string, character: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf(character, from); at !== -1 && at < to; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

/** Where the last whole row ends: after the last line feed that no open quote holds; 0 when there is none. */
function endOfRows(text: string): number {
  let end = text.lastIndexOf('\n') + 1;
  if (!text.includes('"')) return end;
  let quotes = countOf(text, '"', 0, end);
  while (end > 0 && quotes % 2 === 1) {
    const before = text.lastIndexOf('\n', end - 2) + 1;
    quotes -= countOf(text, '"', before, end);
    end = before;
  }
  return end;
}

/** Reads a CSV file of any size, a megabyte at a time. */
export async function* readCsvBlocks(path: string): AsyncGenerator<CsvBlock> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest = '';
  let line = 1;
  let bytes = 0;

  function blockOf(text: string): CsvBlock {
    const { rows, error } = readCsv(text);
    const first = line - 1;
    line += countOf(text, '\n', 0, text.length);
    return {
      rows: first === 0 ? rows : rows.map((row) => ({ line: row.line + first, fields: row.fields })),
      bytes,
      error: error && { line: error.line + first, reason: error.reason },
    };
  }

  const stream = createReadStream(path, { highWaterMark: BLOCK_BYTES });
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    try {
      rest += decoder.decode(chunk, { stream: true });
    } catch {
      yield { rows: [], bytes, error: { line, reason: 'is not UTF-8 from here on, or within the next megabyte' } };
      return;
    }
    const end = endOfRows(rest);
    if (end > 0) {
      const block = blockOf(rest.slice(0, end));
      rest = rest.slice(end);
      yield block;
      if (block.error !== undefined) return;
    } else if (rest.length > ROW_MAX) {
      yield { rows: [], bytes, error: { line, reason: 'begins a row that has no end: a quote is never closed' } };
      return;
    }
  }
  if (rest !== '') yield blockOf(rest);
}
