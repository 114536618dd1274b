/** What a column takes. */
export type SqlValue = string | number | null;

/** What `quoted` escapes: quote, backslash, nothing; in UTF-8 they are part of no other character. */
export const SPECIAL_BYTES: readonly number[] = [0x27, 0x5c, 0];
const SPECIAL = /['\\\0]/;
const SPECIALS = /['\\\0]/g;

/**
 * A MariaDB string literal. Between single quotes only these three mean something, given that the session's sql_mode
 * is ours: no NO_BACKSLASH_ESCAPES, and utf8mb4, in which no character hides a quote.
 */
export function quoted(text: string): string {
  if (!SPECIAL.test(text)) return `'${text}'`;
  return `'${text.replace(SPECIALS, (character) => (character === '\0' ? '\\0' : `\\${character}`))}'`;
}

/** `(1,'a',NULL),(2,…)` for any number of rows. */
export function valuesText(rows: readonly (readonly SqlValue[])[]): string {
  let text = '';
  for (const row of rows) {
    let separator = text === '' ? '(' : ',(';
    for (const value of row) {
      text += separator + (typeof value === 'string' ? quoted(value) : value === null ? 'NULL' : String(value));
      separator = ',';
    }
    text += ')';
  }
  return text;
}

const ASCII = /^[\x20-\x7e]*$/;

/**
 * Whether a text can be in a column of ids, which are ASCII. MariaDB refuses to compare such a column with anything
 * else, or goes through the whole table to do so.
 */
export function canBeId(text: string): boolean {
  return ASCII.test(text);
}

/** The inside of `IN (…)` for values that are given beside it: `?,?,?`. */
export function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(',');
}

/** The inside of `IN (…)` over a column of ids. */
export function idList(ids: readonly string[]): string {
  const possible = ids.filter(canBeId);
  return possible.length === 0 ? 'NULL' : possible.map(quoted).join(',');
}
