/** A row of a CSV file with the line on which it starts. */
export interface CsvRow {
  readonly line: number;
  readonly fields: readonly string[];
}

export interface CsvFile {
  readonly rows: readonly CsvRow[];
  /** What breaks RFC 4180. Rows after the first such error are not read. */
  readonly error: { readonly line: number; readonly reason: string } | undefined;
}

/** Reads from an opening quote to the closing one; undefined when there is none. */
function quoted(text: string, start: number): { readonly value: string; readonly end: number } | undefined {
  let value = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) return undefined;
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1 };
    value += '"';
    from = quote + 2;
  }
}

function countLines(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Reads the fields of one row that has quotes in it; a quoted field may run over several lines. */
function readQuotedRow(text: string, start: number): { readonly fields: string[]; readonly end: number } | string {
  const fields: string[] = [];
  let at = start;
  for (;;) {
    if (text[at] === '"') {
      const field = quoted(text, at);
      if (field === undefined) return 'a quote is never closed';
      fields.push(field.value);
      at = field.end;
    } else {
      const rest = /[^",\r\n]*/y;
      rest.lastIndex = at;
      fields.push(rest.exec(text)?.[0] ?? '');
      at = rest.lastIndex;
    }
    if (text[at] === ',') {
      at += 1;
      continue;
    }
    if (at === text.length) return { fields, end: at };
    if (text[at] === '\n') return { fields, end: at + 1 };
    if (text.startsWith('\r\n', at)) return { fields, end: at + 2 };
    return text[at] === '"'
      ? 'a quote stands inside a field that does not begin with one'
      : 'text follows a closing quote';
  }
}

/** A strict reader of RFC 4180. Rows without quotes take a short way: catalogues have hundreds of thousands. */
export function readCsv(content: string): CsvFile {
  const text = content.startsWith('\uFEFF') ? content.slice(1) : content;
  const rows: CsvRow[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const newline = text.indexOf('\n', at);
    const end = newline === -1 ? text.length : newline;
    const plain = text.slice(at, text[end - 1] === '\r' && newline !== -1 ? end - 1 : end);
    if (!plain.includes('"')) {
      rows.push({ line, fields: plain.split(',') });
      at = end + 1;
      line += 1;
      continue;
    }
    const row = readQuotedRow(text, at);
    if (typeof row === 'string') return { rows, error: { line, reason: row } };
    rows.push({ line, fields: row.fields });
    line += countLines(text.slice(at, row.end));
    at = row.end;
  }
  return { rows, error: undefined };
}
