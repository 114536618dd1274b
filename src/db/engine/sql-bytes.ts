import { quoted, SPECIAL_BYTES, type SqlValue } from './sql-text.ts';

const FIRST_BYTES = 1 << 20;
/** A text of more than this is encoded by itself: a short one costs less as a part of its row. */
const LONG_TEXT = 256;
/** UTF-8 takes at most this many bytes for one unit of a JavaScript string. */
const BYTES_PER_UNIT = 3;

/**
 * Statements as the bytes that go to the server. A batch is a quarter of a megabyte: put together as a string, it is
 * flattened, measured and encoded again before it is sent, which took twice as long as writing bytes at once.
 */
export class SqlBytes {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #length = 0;

  add(text: string): void {
    const most = this.#length + text.length * BYTES_PER_UNIT;
    if (most > this.#bytes.length) this.#grow(most);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  /** `(1,'a',NULL),(2,…)` for any number of rows. */
  addRows(rows: readonly (readonly SqlValue[])[]): void {
    let text = '';
    for (const row of rows) {
      let separator = text === '' && row === rows[0] ? '(' : ',(';
      for (const value of row) {
        if (typeof value !== 'string') text += separator + (value === null ? 'NULL' : String(value));
        else if (value.length <= LONG_TEXT) text += separator + quoted(value);
        else {
          this.add(text + separator);
          this.#addLong(value);
          text = '';
        }
        separator = ',';
      }
      this.add(`${text})`);
      text = '';
    }
  }

  /** The bytes so far, good until the next `add`; the next statements begin anew. */
  take(): Buffer {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return taken;
  }

  /** Encoded as it is, and only then looked through: bytes are looked through faster than what they are made of. */
  #addLong(text: string): void {
    const start = this.#length;
    this.add("'");
    this.add(text);
    const written = this.#bytes.subarray(start + 1, this.#length);
    if (SPECIAL_BYTES.some((byte) => written.includes(byte))) {
      this.#length = start;
      this.add(quoted(text));
    } else this.add("'");
  }

  #grow(needed: number): void {
    const bytes = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(bytes, 0, 0, this.#length);
    this.#bytes = bytes;
  }
}
