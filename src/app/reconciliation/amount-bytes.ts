import { FEN_MAX } from '../../core/money/fen.ts';

const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;
const INT32_MAX = 0x7fff_ffff;

/** What {@link readFen} answers for bytes that are no amount. */
export const NOT_AN_AMOUNT = Number.NaN;

/**
 * Reads an amount from the bytes of a file, digit by digit: no text, no binary float on the way.
 *
 * @shape `-12.5` → -1250; NaN for what is not a plain decimal of at most two places up to FEN_MAX
 * @units fen
 */
export function readFen(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  const isNegative = bytes[at] === MINUS;
  if (isNegative) at += 1;
  const first = at;
  let fen = 0;
  for (; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (byte < ZERO || byte > NINE) break;
    fen = fen * 10 + (byte - ZERO);
  }
  const digits = at - first;
  // Twelve digits of yuan are more than FEN_MAX has, and their fen are still exact.
  if (digits === 0 || digits > 12 || (digits > 1 && bytes[first] === ZERO)) return NOT_AN_AMOUNT;
  fen *= 100;
  if (at < end) {
    if (bytes[at] !== POINT) return NOT_AN_AMOUNT;
    const places = end - at - 1;
    if (places < 1 || places > 2) return NOT_AN_AMOUNT;
    let weight = 10;
    for (at += 1; at < end; at += 1) {
      const byte = bytes[at] as number;
      if (byte < ZERO || byte > NINE) return NOT_AN_AMOUNT;
      fen += (byte - ZERO) * weight;
      weight = weight === 10 ? 1 : 0;
    }
  }
  if (fen > FEN_MAX) return NOT_AN_AMOUNT;
  return isNegative && fen !== 0 ? -fen : fen;
}

/** Writes a whole number at a place in a buffer; answers with the place behind it. */
export function writeInteger(into: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  if (rest < 0) {
    into[at] = MINUS;
    at += 1;
    rest = -rest;
  }
  let length = 1;
  for (let bound = 10; rest >= bound; bound *= 10) length += 1;
  let place = at + length - 1;
  for (; rest > INT32_MAX; place -= 1) {
    const next = Math.floor(rest / 10);
    into[place] = ZERO + (rest - next * 10);
    rest = next;
  }
  // The same in machine integers, which is what nearly all amounts fit into.
  for (; place >= at; place -= 1) {
    const next = (rest / 10) | 0;
    into[place] = ZERO + (rest - next * 10);
    rest = next;
  }
  return at + length;
}

/** Why bytes are no amount, in the words of whoever must correct them. */
export function amountProblem(text: string): string {
  if (text === '' || text === 'null') return 'is missing';
  if (/^-?\d+\.\d{3,}$/.test(text)) return 'has more than two decimals';
  if (/^-?\d+(\.\d+)?[eE][+-]?\d+$/.test(text)) return 'has an exponent: write the amount out';
  if (/^-?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) return 'has separators of thousands';
  if (/^-?\d+(\.\d{1,2})?$/.test(text)) {
    return /^-?0\d/.test(text) ? 'begins with a needless 0' : 'is more than ten billion yuan';
  }
  return 'is not an amount of at most two decimals, such as 12.50';
}
