import { writeInteger } from './amount-bytes.ts';
import type { StagedLines } from './ports.ts';

/** Longest staged line: ids, a hash, numbers. */
const STAGED_LINE_MAX = 320;
const FIRST_BYTES = 64 * 1024;
const [TAB, LF] = [0x09, 0x0a];
const NOTHING = Buffer.from('\\N');

/** Writes staged lines one after the other, byte by byte. */
export class StagedWriter {
  #out: Buffer = Buffer.alloc(0);
  #at = 0;
  #lines = 0;

  get lines(): number {
    return this.#lines;
  }

  /** Makes room for a line; its columns follow in their order. */
  begin(): void {
    if (this.#out.length - this.#at >= STAGED_LINE_MAX) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.#out.length * 2));
    this.#out.copy(grown, 0, 0, this.#at);
    this.#out = grown;
  }

  copy(bytes: Buffer, start: number, end: number): void {
    const out = this.#out;
    let to = this.#at;
    for (let at = start; at < end; at += 1, to += 1) out[to] = bytes[at] as number;
    out[to] = TAB;
    this.#at = to + 1;
  }

  integer(value: number): void {
    const to = writeInteger(this.#out, this.#at, value);
    this.#out[to] = TAB;
    this.#at = to + 1;
  }

  nothing(): void {
    this.copy(NOTHING, 0, NOTHING.length);
  }

  end(): void {
    this.#out[this.#at - 1] = LF;
    this.#lines += 1;
  }

  /** Hands over what was written; its bytes are written over by the next line. */
  take(): StagedLines {
    const taken = { lines: this.#lines, bytes: this.#out.subarray(0, this.#at) };
    this.#at = 0;
    this.#lines = 0;
    return taken;
  }
}
