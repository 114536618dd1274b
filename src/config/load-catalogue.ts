import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { DateText } from '../core/calendar.ts';
import { parsePrice, parseRatio } from '../core/money/text.ts';
import type { Catalogue, CatalogueItem } from '../core/policy/catalogue.ts';
import { contentHash } from './content-hash.ts';
import { readCsv, type CsvRow } from './csv-reader.ts';
import type { FileErrors } from './rule-error.ts';
import { date, text } from './shapes.ts';

export const CATALOGUE_COLUMNS = [
  'code',
  'name',
  'kind',
  'class',
  'first_self_pay_employee',
  'first_self_pay_resident',
  'price_limit',
  'restriction',
  'compliant',
  'provenance',
  'source',
] as const;

const KINDS = ['drug', 'service', 'consumable'] as const;
const CLASSES = ['A', 'B', 'C'] as const;
const PROVENANCES = ['sourced', 'memory', 'illustrative'] as const;

/** A catalogue without its last day, which is known once its successor is. */
export type UndatedCatalogue = Omit<Catalogue, 'to'> & { readonly content: string };

type Complain = (column: string, reason: string) => void;

/**
 * A text with characters of its own. A part of a text is a view of the whole, in two bytes a character here: every line of a
 * bill is looked up by its code, and comparing with a view took longer than finding it.
 */
function ownText(text: string): string {
  return Buffer.from(text).toString();
}

function oneOf<T extends string>(list: readonly T[], value: string, column: string, complain: Complain): T | undefined {
  const found = list.find((candidate) => candidate === value);
  if (found === undefined) complain(column, `${JSON.stringify(value)} is not one of: ${list.join(', ')}`);
  return found;
}

function ratioOf(value: string, column: string, complain: Complain): number | undefined {
  const ratio = parseRatio(value);
  if (ratio === undefined)
    complain(column, `${JSON.stringify(value)} is not a ratio between 0 and 1 of at most four places`);
  return ratio;
}

function priceLimitOf(value: string, complain: Complain): number | undefined {
  if (value === '') return undefined;
  const limit = parsePrice(value);
  if (limit === undefined || limit <= 0) {
    complain('price_limit', `${JSON.stringify(value)} is not a price above 0 of at most six places`);
  }
  return limit;
}

function itemOf({ fields }: CsvRow, complain: Complain): CatalogueItem | undefined {
  if (fields.length !== CATALOGUE_COLUMNS.length) {
    complain('', `has ${fields.length} fields, not ${CATALOGUE_COLUMNS.length}`);
    return undefined;
  }
  const [code = '', name = '', kindText = '', classText = '', employeeText = '', residentText = '', limitText = ''] =
    fields;
  const [restriction = '', compliantText = '', provenanceText = '', source = ''] = fields.slice(7);
  if (code.trim() === '') complain('code', 'is empty');
  if (name.trim() === '') complain('name', 'is empty');
  if (source.trim() === '') complain('source', 'is empty');
  const kind = oneOf(KINDS, kindText, 'kind', complain);
  const itemClass = oneOf(CLASSES, classText, 'class', complain);
  const employee = ratioOf(employeeText, 'first_self_pay_employee', complain);
  const resident = ratioOf(residentText, 'first_self_pay_resident', complain);
  const priceLimit = priceLimitOf(limitText, complain);
  const compliant = oneOf(['yes', ''], compliantText, 'compliant', complain) === 'yes';
  if (compliant && itemClass !== 'C') complain('compliant', 'is only for class C');
  const provenance = oneOf(PROVENANCES, provenanceText, 'provenance', complain);
  if (kind === undefined || itemClass === undefined || provenance === undefined) return undefined;
  if (employee === undefined || resident === undefined) return undefined;
  return {
    code: ownText(code),
    name,
    kind,
    itemClass,
    firstSelfPay: { employee, resident },
    priceLimit,
    restriction: restriction === '' ? undefined : restriction,
    compliant,
    provenance,
    source,
  };
}

/** One JSON list a row, sorted, so that the order of rows does not matter: what the hash is taken of. */
function canonicalContent(region: string, from: DateText, rows: readonly CsvRow[]): string {
  const lines = rows.map(({ fields }) => JSON.stringify(fields)).sort();
  return [JSON.stringify({ region, from }), ...lines].join('\n');
}

function checkHeader(header: CsvRow | undefined, errors: FileErrors): void {
  const columns = header?.fields ?? [];
  for (const column of CATALOGUE_COLUMNS)
    if (!columns.includes(column)) errors.add(['row 1'], `column ${column} is missing`);
  for (const column of columns) {
    if (!CATALOGUE_COLUMNS.some((known) => known === column)) errors.add(['row 1'], `unknown column ${column}`);
  }
  if (errors.none && columns.join() !== CATALOGUE_COLUMNS.join()) {
    errors.add(['row 1'], `columns must be in the order ${CATALOGUE_COLUMNS.join(',')}`);
  }
}

function readItems(rows: readonly CsvRow[], errors: FileErrors): Map<string, CatalogueItem> {
  const items = new Map<string, CatalogueItem>();
  for (const row of rows) {
    const item = itemOf(row, (column, reason) => {
      errors.add([`row ${row.line}${column === '' ? '' : `, ${column}`}`], reason);
    });
    if (item === undefined) continue;
    if (items.has(item.code)) errors.add([`row ${row.line}, code`], `${item.code} is there twice`);
    items.set(item.code, item);
  }
  return items;
}

/** Reads one catalogue; a bad row refuses the whole, and every bad row is named. */
export function parseCatalogue(region: string, from: DateText, content: string, errors: FileErrors): UndatedCatalogue {
  const { rows: all, error } = readCsv(content);
  if (error !== undefined) errors.add([`row ${error.line}`], error.reason);
  const [header, ...rows] = all;
  checkHeader(header, errors);
  if (!errors.none) return { hash: '', region, from, items: new Map(), content: '' };
  const items = readItems(rows, errors);
  const canonical = canonicalContent(region, from, rows);
  return { hash: contentHash(canonical), region, from, items, content: canonical };
}

const canonicalHead = z.object({ region: text, from: date });
const canonicalRow = z.array(z.string());

/** Reads a catalogue back from its canonical content; throws when that has another form than ours of today. */
export function parseCanonicalCatalogue(content: string, errors: FileErrors): UndatedCatalogue {
  const [head, ...rows] = content.split('\n').map((line): unknown => JSON.parse(line));
  const { region, from } = canonicalHead.parse(head);
  const listed = rows.map((row, at): CsvRow => ({ line: at + 2, fields: canonicalRow.parse(row) }));
  return { hash: contentHash(content), region, from, items: readItems(listed, errors), content };
}

export function readCatalogue(file: string, region: string, from: DateText, errors: FileErrors): UndatedCatalogue {
  let content = '';
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    errors.add([], `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return { hash: '', region, from, items: new Map(), content };
  }
  return parseCatalogue(region, from, content, errors);
}
