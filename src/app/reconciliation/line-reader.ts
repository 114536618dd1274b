import { isUtf8 } from 'node:buffer';
import { NO_TOTALS, type Totals } from '../../core/reconcile/totals.ts';
import { amountProblem, readFen } from './amount-bytes.ts';
import type { Column, ColumnKind, LineForm } from './line-form.ts';
import type { LineProblem, StagedLines } from './ports.ts';
import { StagedWriter } from './staged-lines.ts';

/** What the file must be for. */
export interface Expected {
  readonly party: string;
  readonly businessDate: string;
}

/** More is not read: whoever wrote such a file has the pattern by then. */
export const PROBLEMS_MAX = 100;
/** `exp_content` has 4,000 characters of up to four bytes. */
const LINE_BYTES_MAX = 20_000;
const COLUMNS_MAX = 16;
const ID_MAX = 40;
const PERSON_MAX = 30;
const HASH_LENGTH = 64;

const [TAB, LF, CR, QUOTE, COMMA] = [0x09, 0x0a, 0x0d, 0x22, 0x2c];
const BOM = Buffer.from('\ufeff');

/** 1 for letters, digits, ".", "_" and "-": the characters of ids. */
const IS_ID = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-') {
  IS_ID[character.charCodeAt(0)] = 1;
}

/**
 * Reads a file line by line from its bytes, checks every field, and writes the good lines down: no object, no text a field,
 * so that a million lines take half a second and a few megabytes. Refunds, which may be about another id than the one they
 * name, are kept apart.
 */
export class LineReader {
  readonly problems: LineProblem[] = [];
  /** Of positive and of negative lines. */
  readonly sums: { settled: Totals; refunded: Totals } = { settled: NO_TOTALS, refunded: NO_TOTALS };
  lines = 0;

  readonly #form: LineForm;
  readonly #delimiter: number;
  readonly #party: Buffer;
  readonly #date: Buffer;
  readonly #place: Readonly<Record<ColumnKind, number>>;
  readonly #starts = new Int32Array(COLUMNS_MAX);
  readonly #ends = new Int32Array(COLUMNS_MAX);
  readonly #lastId = Buffer.alloc(ID_MAX);
  readonly #sums = new Float64Array(8);
  readonly #settled = new StagedWriter();
  readonly #refunds = new StagedWriter();
  #lastIdLength = 0;
  #isRising = true;
  #carry: Buffer = Buffer.alloc(0);
  #line = 0;
  /** Columns that this file has; 0 until the first line is read. */
  #columns = 0;
  #isFirst = true;
  #isOver = false;

  constructor(form: LineForm, { party, businessDate }: Expected) {
    this.#form = form;
    this.#delimiter = form.delimiter === '\t' ? TAB : COMMA;
    this.#party = Buffer.from(party);
    this.#date = Buffer.from(businessDate);
    const places = new Map(form.columns.map(({ kind }, index) => [kind, index]));
    const place = (kind: ColumnKind): number => places.get(kind) ?? -1;
    this.#place = {
      party: place('party'),
      businessDate: place('businessDate'),
      settlementId: place('settlementId'),
      visitId: place('visitId'),
      refund: place('refund'),
      personId: place('personId'),
      total: place('total'),
      fundTotal: place('fundTotal'),
      account: place('account'),
      policyHash: place('policyHash'),
      content: place('content'),
    };
  }

  /** Lines that are no refunds and not yet taken. */
  get settled(): number {
    return this.#settled.lines;
  }

  /** Refunds that are not yet taken. */
  get refunds(): number {
    return this.#refunds.lines;
  }

  /** Hands over lines that are no refunds, and whether the ids of all of them rise; good until more is read. */
  takeSettled(): StagedLines & { readonly isRising: boolean } {
    const isRising = this.#isRising;
    this.#isRising = true;
    this.#lastIdLength = 0;
    return { ...this.#settled.take(), isRising };
  }

  /** Hands over refunds. */
  takeRefunds(): StagedLines {
    const { lines, bytes } = this.#refunds.take();
    return { lines, bytes: Buffer.from(bytes) };
  }

  /** Reads on; false when so much is wrong that the rest need not be read. */
  read(chunk: Buffer): boolean {
    if (!this.#isOver) this.#readChunk(chunk);
    return !this.#isOver;
  }

  /** Reads a last line without a line break. */
  end(): void {
    const rest = this.#carry;
    this.#carry = Buffer.alloc(0);
    if (this.#isFirst) this.#refuseEncoding(rest);
    if (this.#isOver) return;
    const start = this.#isFirst && rest.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0;
    if (rest.length > start) this.#readLine(rest, start, rest.length);
    if (this.#line === 0 && this.#form.hasHeader) this.#problem(1, -1, 'the file is empty: it has no header');
    this.#closeSums();
  }

  #readChunk(chunk: Buffer): void {
    let at = 0;
    if (this.#isFirst) {
      const begun = Buffer.concat([this.#carry, chunk]);
      this.#carry = begun.length < 4 ? begun : Buffer.alloc(0);
      if (begun.length < 4) return;
      this.#refuseEncoding(begun);
      if (this.#isOver) return;
      this.#isFirst = false;
      at = this.#readLines(begun, begun.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0);
      this.#keep(begun, at);
      return;
    }
    if (this.#carry.length > 0) {
      // Only the line that goes on from the chunk before is put together anew.
      const newline = chunk.indexOf(LF);
      at = newline === -1 ? chunk.length : newline + 1;
      const line = Buffer.concat([this.#carry, chunk.subarray(0, at)]);
      this.#keep(line, this.#readLines(line, 0));
    }
    if (at < chunk.length) this.#keep(chunk, this.#readLines(chunk, at));
  }

  /** Reads whole lines; answers with where the rest begins. */
  #readLines(bytes: Buffer, start: number): number {
    let at = start;
    for (let newline = bytes.indexOf(LF, at); newline !== -1 && !this.#isOver; newline = bytes.indexOf(LF, at)) {
      this.#readLine(bytes, at, newline);
      at = newline + 1;
    }
    return at;
  }

  /** Keeps the beginning of a line: a copy, because the chunk is the stream's. */
  #keep(bytes: Buffer, at: number): void {
    if (this.#isOver) return;
    if (bytes.length - at > LINE_BYTES_MAX) {
      this.#line += 1;
      this.#problem(this.#line, -1, `is longer than ${LINE_BYTES_MAX} bytes`);
      this.#isOver = true;
    }
    this.#carry = Buffer.from(bytes.subarray(at));
  }

  #refuseEncoding(bytes: Buffer): void {
    const [first, second] = bytes;
    const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
    if (!isUtf16 && first !== 0 && second !== 0) return;
    this.#problem(1, -1, 'the file is UTF-16: it must be UTF-8');
    this.#isOver = true;
  }

  #readLine(bytes: Buffer, start: number, newline: number): void {
    this.#line += 1;
    const end = newline > start && bytes[newline - 1] === CR ? newline - 1 : newline;
    if (end - start > LINE_BYTES_MAX) {
      this.#problem(this.#line, -1, `is longer than ${LINE_BYTES_MAX} bytes`);
      return;
    }
    const found = this.#split(bytes, start, end);
    if (found === -1) return;
    if (this.#columns === 0) {
      this.#settleColumns(found);
      if (this.#form.hasHeader) {
        this.#checkHeader(bytes, found);
        return;
      }
    }
    if (found !== this.#columns) {
      this.#problem(this.#line, -1, `has ${found} columns instead of ${this.#columns}`);
      return;
    }
    this.#readFields(bytes);
  }

  /** Finds the columns of a line; -1 where its quotes are wrong. */
  #split(bytes: Buffer, start: number, end: number): number {
    const [starts, ends, delimiter] = [this.#starts, this.#ends, this.#delimiter];
    const mayQuote = delimiter === COMMA;
    let count = 0;
    let from = start;
    let at = start;
    for (;;) {
      if (mayQuote && at === from && bytes[at] === QUOTE && at < end) {
        const closing = bytes.indexOf(QUOTE, at + 1);
        if (closing === -1 || closing >= end || (closing + 1 < end && bytes[closing + 1] !== delimiter)) {
          this.#problem(this.#line, count, 'has a quote that is not closed, or inside');
          return -1;
        }
        if (count < COLUMNS_MAX) {
          starts[count] = at + 1;
          ends[count] = closing;
        }
        at = closing + 1;
      } else {
        while (at < end && bytes[at] !== delimiter) at += 1;
        if (count < COLUMNS_MAX) {
          starts[count] = from;
          ends[count] = at;
        }
      }
      count += 1;
      if (at >= end) return count;
      at += 1;
      from = at;
    }
  }

  #settleColumns(found: number): void {
    const { columns, optional } = this.#form;
    this.#columns = Math.min(Math.max(found, columns.length - optional), columns.length);
  }

  #checkHeader(bytes: Buffer, found: number): void {
    const { columns } = this.#form;
    for (let index = 0; index < this.#columns; index += 1) {
      const name = columns[index]?.name ?? '';
      const given = index < found ? bytes.toString('latin1', this.#starts[index], this.#ends[index]) : '';
      if (given !== name) this.#problem(this.#line, index, `the header has something else where "${name}" belongs`);
    }
    if (found > columns.length) this.#problem(this.#line, columns.length, 'the header has a column too many');
    // Every line would be wrong for the same reason.
    if (this.problems.length > 0) this.#isOver = true;
  }

  #readFields(bytes: Buffer): void {
    const before = this.problems.length;
    const place = this.#place;
    const refund = this.#refund(bytes, place.refund);
    const total = this.#amount(bytes, place.total, refund);
    const fundTotal = this.#amount(bytes, place.fundTotal, refund);
    const account = this.#amount(bytes, place.account, refund);
    this.#id(bytes, place.settlementId, ID_MAX);
    this.#id(bytes, place.visitId, ID_MAX);
    this.#id(bytes, place.personId, PERSON_MAX);
    if (place.party >= 0) this.#same(bytes, place.party, this.#party, 'is not the one that the file is sent for');
    if (place.businessDate >= 0) this.#same(bytes, place.businessDate, this.#date, 'is not the day of the file');
    if (place.policyHash >= 0 && place.policyHash < this.#columns) this.#hash(bytes, place.policyHash);
    if (place.content >= 0 && place.content < this.#columns) this.#text(bytes, place.content);
    if (this.problems.length > before) return;
    this.lines += 1;
    this.#add(refund, total, fundTotal, account);
    // A file with a problem is refused as a whole: nothing more of it is staged.
    if (before > 0) return;
    if (refund === 0) this.#order(bytes);
    this.#stage(refund === 0 ? this.#settled : this.#refunds, bytes, refund, total, fundTotal, account);
  }

  #refund(bytes: Buffer, index: number): number {
    const start = this.#starts[index] as number;
    const byte = this.#ends[index] === start + 1 ? bytes[start] : undefined;
    if (byte === 0x30 || byte === 0x31) return byte - 0x30;
    this.#problem(this.#line, index, 'is neither 0 nor 1');
    return 0;
  }

  #amount(bytes: Buffer, index: number, refund: number): number {
    const [start, end] = [this.#starts[index] as number, this.#ends[index] as number];
    const fen = readFen(bytes, start, end);
    if (Number.isNaN(fen)) {
      this.#problem(this.#line, index, amountProblem(bytes.toString('latin1', start, Math.min(end, start + 40))));
      return 0;
    }
    if (refund === 0 && fen < 0) this.#problem(this.#line, index, 'is negative on a line that is no refund');
    if (refund === 1 && fen > 0) this.#problem(this.#line, index, 'is positive on a refund');
    return fen;
  }

  #id(bytes: Buffer, index: number, max: number): void {
    const [start, end] = [this.#starts[index] as number, this.#ends[index] as number];
    const length = end - start;
    let isGood = length > 0 && length <= max;
    for (let at = start; isGood && at < end; at += 1) isGood = IS_ID[bytes[at] as number] === 1;
    const isNull = length === 4 && bytes[start] === 0x6e && bytes.toString('latin1', start, end) === 'null';
    if (isGood && !isNull) return;
    this.#problem(this.#line, index, this.#idProblem(bytes.subarray(start, end), max));
  }

  #idProblem(field: Buffer, max: number): string {
    if (field.length === 0 || field.equals(Buffer.from('null'))) return 'is missing';
    if (!isUtf8(field)) return 'is not UTF-8: is the file GBK?';
    if (field.length > max) return `has more than ${max} characters`;
    return 'has characters other than letters, digits, ".", "_" and "-"';
  }

  #same(bytes: Buffer, index: number, expected: Buffer, problem: string): void {
    const [start, end] = [this.#starts[index] as number, this.#ends[index] as number];
    let isSame = end - start === expected.length;
    for (let at = 0; isSame && at < expected.length; at += 1) isSame = bytes[start + at] === expected[at];
    if (!isSame) this.#problem(this.#line, index, problem);
  }

  #hash(bytes: Buffer, index: number): void {
    const [start, end] = [this.#starts[index] as number, this.#ends[index] as number];
    if (end === start) return;
    if (end - start !== HASH_LENGTH || !/^[0-9a-f]+$/.test(bytes.toString('latin1', start, end))) {
      this.#problem(this.#line, index, `is not a hash of ${HASH_LENGTH} hexadecimal digits`);
    }
  }

  #text(bytes: Buffer, index: number): void {
    if (!isUtf8(bytes.subarray(this.#starts[index], this.#ends[index]))) {
      this.#problem(this.#line, index, 'is not UTF-8: is the file GBK?');
    }
  }

  #add(refund: number, total: number, fundTotal: number, account: number): void {
    const sums = this.#sums;
    const from = refund * 4;
    sums[from] = (sums[from] as number) + 1;
    sums[from + 1] = (sums[from + 1] as number) + total;
    sums[from + 2] = (sums[from + 2] as number) + fundTotal;
    sums[from + 3] = (sums[from + 3] as number) + account;
  }

  #closeSums(): void {
    const [count = 0, total = 0, fundTotal = 0, account = 0, ...refunded] = this.#sums;
    this.sums.settled = { settlements: count, total, fundTotal, account };
    const [refunds = 0, refundTotal = 0, refundFund = 0, refundAccount = 0] = refunded;
    this.sums.refunded = { settlements: refunds, total: refundTotal, fundTotal: refundFund, account: refundAccount };
    if (!this.#sums.every(Number.isSafeInteger)) {
      this.problems.push({ line: 0, column: 0, name: '', problem: 'its sums are beyond what can be counted' });
    }
  }

  /** Compares with the line before, for as long as ids rise. */
  #order(bytes: Buffer): void {
    if (!this.#isRising) return;
    const start = this.#starts[this.#place.settlementId] as number;
    const length = (this.#ends[this.#place.settlementId] as number) - start;
    const last = this.#lastId;
    const shorter = Math.min(length, this.#lastIdLength);
    let at = 0;
    while (at < shorter && bytes[start + at] === last[at]) at += 1;
    const difference =
      at < shorter ? (bytes[start + at] as number) - (last[at] as number) : length - this.#lastIdLength;
    if (difference <= 0) this.#isRising = false;
    for (; at < length; at += 1) last[at] = bytes[start + at] as number;
    this.#lastIdLength = length;
  }

  #stage(to: StagedWriter, bytes: Buffer, refund: number, total: number, fundTotal: number, account: number): void {
    const [starts, ends, place] = [this.#starts, this.#ends, this.#place];
    const copy = (index: number): void => to.copy(bytes, starts[index] as number, ends[index] as number);
    to.begin();
    copy(place.settlementId);
    to.integer(refund);
    copy(place.personId);
    to.integer(total);
    to.integer(fundTotal);
    to.integer(account);
    to.integer(this.#line);
    copy(place.visitId);
    const hash = place.policyHash;
    if (hash >= 0 && hash < this.#columns && ends[hash] !== starts[hash]) copy(hash);
    else to.nothing();
    to.end();
  }

  #problem(line: number, index: number, problem: string): void {
    if (this.problems.length === PROBLEMS_MAX) {
      this.#isOver = true;
      return;
    }
    const column: Column | undefined = this.#form.columns[index];
    this.problems.push({ line, column: index + 1, name: column?.name ?? '', problem });
  }
}
