import type { z } from 'zod';
import type { billLine, BillRequest } from '../http/schemas/bills.ts';
import { AppError } from '../platform/errors.ts';
import { lineAmount, pricePerPiece, sumOf } from './bill-amounts.ts';
import type { ChargeItem } from './charge-book.ts';

type Line = z.infer<typeof billLine>;

/** A bill but for what it costs. */
export type BillHead = Omit<BillRequest, 'total' | 'lines'>;

/** What a line may say beside its item. */
export type LineMarks = Pick<Line, 'feeDate' | 'certifiedFor' | 'restrictionMet'>;

/** A bill as the cashier types it in: line by line, the total at the end. */
export class BillDraft {
  readonly #head: BillHead;
  readonly #ownCodes: ReadonlyMap<string, string>;
  readonly #lines: Line[] = [];

  /** `ownCodes` holds the institution's codes, which it sends instead of the national ones. */
  constructor(head: BillHead, ownCodes: ReadonlyMap<string, string>) {
    this.#head = head;
    this.#ownCodes = ownCodes;
  }

  /** Answers with the number of the line. */
  charge(item: ChargeItem, quantity: string, marks: LineMarks = {}): number {
    return this.#push({ ...this.#codeOf(item), name: item.name, quantity, price: item.price, ...marks });
  }

  /** Single pieces out of a pack, at a price of four places. */
  chargePieces(item: ChargeItem, packSize: number, pieces: number): number {
    const price = pricePerPiece(item.price, packSize);
    return this.#push({ ...this.#codeOf(item), name: item.name, quantity: String(pieces), price });
  }

  /** Gives back some or all of an earlier line. */
  refund(no: number, quantity: string): void {
    const original = this.#lines[no - 1];
    if (original === undefined) {
      throw new AppError('BAD_SAMPLE_DATA', `there is no line ${no} to refund`, { status: 500 });
    }
    this.#push({ ...original, quantity: `-${quantity}`, refundOf: no });
  }

  finish(): BillRequest {
    return { ...this.#head, total: sumOf(this.#lines.map(({ amount }) => amount)), lines: this.#lines };
  }

  #codeOf({ code }: ChargeItem): Pick<Line, 'code' | 'hospitalCode'> {
    if (code.startsWith('OWN-')) return { hospitalCode: code };
    const own = this.#ownCodes.get(code);
    return own === undefined ? { code } : { hospitalCode: own };
  }

  #push(line: Omit<Line, 'amount'>): number {
    return this.#lines.push({ ...line, amount: lineAmount(line.quantity, line.price) });
  }
}
