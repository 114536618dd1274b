import { Buffer } from 'node:buffer';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';
import type { ExportRow, StatementExport } from '../../app/lifecycle/export-statement.ts';
import type { Fen } from '../../core/money/fen.ts';
import { formatFen } from '../../core/money/text.ts';

/** Columns of a statement's file, in order; money is in the last but one. */
const COLUMNS = [
  'kind',
  'id',
  'institutionId',
  'billNumber',
  'scheme',
  'benefit',
  'reverses',
  'layer',
  'total',
  'fundTotal',
  'account',
  'owed',
  'hash',
] as const satisfies readonly (keyof ExportRow)[];

const MONEY: ReadonlySet<keyof ExportRow> = new Set(['total', 'fundTotal', 'account', 'owed']);

function valueOf(row: ExportRow, column: (typeof COLUMNS)[number]): string {
  const value = row[column];
  if (value === undefined) return '';
  return typeof value === 'number' ? formatFen(value) : value;
}

/** What a spreadsheet would take for a formula, or for the start of one. */
const FORMULA = /^[=+\-@\t\r\n]/;

/**
 * A cell of a CSV file. Text that a spreadsheet would run is disarmed by an apostrophe before it; amounts are made by us
 * and stay as they are, so that a negative one is still a number.
 */
export function csvCell(text: string, isAmount = false): string {
  const safe = !isAmount && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const LINE_END = '\r\n';

/** The file as CSV in UTF-8 without a byte order mark, amounts as text with two places. */
export async function* statementCsv({ pages }: StatementExport): AsyncGenerator<string> {
  yield COLUMNS.join(',') + LINE_END;
  for await (const page of pages()) {
    let text = '';
    for (const row of page) {
      text += COLUMNS.map((column) => csvCell(valueOf(row, column), MONEY.has(column))).join(',') + LINE_END;
    }
    yield text;
  }
}

function jsonRow(row: ExportRow): string {
  const members = COLUMNS.map((column) => [column, valueOf(row, column)] as const);
  return JSON.stringify(Object.fromEntries(members.filter(([, value]) => value !== '')));
}

/** The file as one JSON object: what the statement is, then its rows, amounts as text. */
export async function* statementJson({ about, pages }: StatementExport): AsyncGenerator<string> {
  yield `${JSON.stringify(about).slice(0, -1)},"rows":[`;
  let separator = '\n';
  for await (const page of pages()) {
    yield separator + page.map(jsonRow).join(',\n');
    separator = ',\n';
  }
  yield '\n]}\n';
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SHEETS = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006';
const DOCUMENT = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const SHEET_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

/** A worksheet has 1,048,576 rows; what is beyond goes on in another one. */
const ROWS_PER_SHEET = 1_000_000;

// eslint-disable-next-line no-control-regex -- XML 1.0 has no way of writing these
const NOT_IN_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

function xmlText(text: string): string {
  return text.replaceAll(NOT_IN_XML, '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function textCell(text: string): string {
  return text === '' ? '<c/>' : `<c t="inlineStr"><is><t>${xmlText(text)}</t></is></c>`;
}

/** The largest amount of 15 digits: any decimal that long comes back from a binary double as it went in. */
const EXACT_MAX: Fen = 999_999_999_999_999;

/**
 * An amount as a decimal number with the format 0.00. A spreadsheet keeps it as a binary double, which shows a decimal of up
 * to 15 digits as it was written; a longer one is written as text.
 */
export function amountCell(amount: Fen | undefined): string {
  if (amount === undefined) return '<c/>';
  if (Math.abs(amount) > EXACT_MAX) return textCell(formatFen(amount));
  return `<c s="1"><v>${formatFen(amount)}</v></c>`;
}

function xmlRow(row: ExportRow): string {
  const cells = COLUMNS.map((column) =>
    MONEY.has(column) ? amountCell(row[column] as Fen | undefined) : textCell(valueOf(row, column)),
  );
  return `<row>${cells.join('')}</row>`;
}

const STYLES =
  `${XML}<styleSheet xmlns="${SHEETS}"><fonts count="1"><font/></fonts>` +
  '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>' +
  '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>' +
  '<cellXfs count="2"><xf xfId="0"/><xf xfId="0" numFmtId="2" applyNumberFormat="1"/></cellXfs></styleSheet>';

function partsOf(sheets: number): Readonly<Record<string, string>> {
  const each = (line: (number: number) => string): string =>
    Array.from({ length: sheets }, (_, index) => line(index + 1)).join('');
  const relationship = (id: string, type: string, target: string): string =>
    `<Relationship Id="${id}" Type="${DOCUMENT}/${type}" Target="${target}"/>`;
  const relationships = (inside: string): string =>
    `${XML}<Relationships xmlns="${PACKAGE}/relationships">${inside}</Relationships>`;
  return {
    '[Content_Types].xml':
      `${XML}<Types xmlns="${PACKAGE}/content-types">` +
      '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>' +
      '<Default Extension="xml" ContentType="application/xml"/>' +
      `<Override PartName="/xl/workbook.xml" ContentType="${SHEET_TYPE}.sheet.main+xml"/>` +
      `<Override PartName="/xl/styles.xml" ContentType="${SHEET_TYPE}.styles+xml"/>` +
      each(
        (number) =>
          `<Override PartName="/xl/worksheets/sheet${number}.xml" ContentType="${SHEET_TYPE}.worksheet+xml"/>`,
      ) +
      '</Types>',
    '_rels/.rels': relationships(relationship('rId1', 'officeDocument', 'xl/workbook.xml')),
    'xl/workbook.xml':
      `${XML}<workbook xmlns="${SHEETS}" xmlns:r="${DOCUMENT}"><sheets>` +
      each((number) => `<sheet name="statement ${number}" sheetId="${number}" r:id="rId${number}"/>`) +
      '</sheets></workbook>',
    'xl/_rels/workbook.xml.rels': relationships(
      each((number) => relationship(`rId${number}`, 'worksheet', `worksheets/sheet${number}.xml`)) +
        relationship(`rId${sheets + 1}`, 'styles', 'styles.xml'),
    ),
    'xl/styles.xml': STYLES,
  };
}

/** Rows that several sheets take one after the other. */
class RowSource {
  readonly #pages: AsyncGenerator<readonly ExportRow[]>;
  #page: readonly ExportRow[] = [];

  constructor({ pages }: StatementExport) {
    this.#pages = pages();
  }

  /** Up to so many rows, in the pieces that they come in; empty at the end. */
  async take(most: number): Promise<readonly ExportRow[]> {
    if (this.#page.length === 0) this.#page = (await this.#pages.next()).value ?? [];
    const taken = this.#page.slice(0, most);
    this.#page = this.#page.slice(most);
    return taken;
  }

  /** Whether there is another row. */
  async hasMore(): Promise<boolean> {
    if (this.#page.length === 0) this.#page = (await this.#pages.next()).value ?? [];
    return this.#page.length > 0;
  }
}

async function* sheetXml(rows: RowSource, rowsPerSheet: number, atEnd: () => Promise<void>): AsyncGenerator<Buffer> {
  const titles = COLUMNS.map((column) => textCell(column)).join('');
  yield Buffer.from(`${XML}<worksheet xmlns="${SHEETS}"><sheetData><row>${titles}</row>`);
  for (let left = rowsPerSheet; left > 0;) {
    const taken = await rows.take(left);
    if (taken.length === 0) break;
    left -= taken.length;
    yield Buffer.from(taken.map(xmlRow).join(''));
  }
  yield Buffer.from('</sheetData></worksheet>');
  await atEnd();
}

/**
 * The file as a workbook. Sheets are made while they are sent: the archive reads a page when the one before is gone, so that
 * a million rows take no more memory than a thousand. What lists the sheets comes last, when their number is known.
 */
export function statementXlsx(statement: StatementExport, rowsPerSheet = ROWS_PER_SHEET): AsyncIterable<Buffer> {
  const zip = new ZipFile();
  // yazl's stream is one of Node's; its types say less.
  const output = zip.outputStream as unknown as Readable;
  zip.on('error', (error: Error) => output.destroy(error));
  const rows = new RowSource(statement);
  const options = { compressionLevel: 1 };

  function addSheet(number: number): void {
    const atEnd = async (): Promise<void> => {
      if (await rows.hasMore()) {
        addSheet(number + 1);
        return;
      }
      for (const [path, text] of Object.entries(partsOf(number))) zip.addBuffer(Buffer.from(text), path);
      zip.end();
    };
    zip.addReadStreamLazy(`xl/worksheets/sheet${number}.xml`, options, (give) => {
      give(null, Readable.from(sheetXml(rows, rowsPerSheet, atEnd), { objectMode: false }));
    });
  }

  addSheet(1);
  return output as AsyncIterable<Buffer>;
}
