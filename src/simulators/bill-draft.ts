import type { z } from 'zod';
import type { billLine, BillRequest } from '../http/schemas/bills.ts';
import { AppError } from '../platform/errors.ts';
import { decimal, lineAmount, pricePerPiece, scaled, sumOf } from './bill-amounts.ts';
import type { ChargeItem } from './charge-book.ts';

type Line = z.infer<typeof billLine>;

/** A bill but for what it costs. */
export type BillHead = Omit<BillRequest, 'total' | 'lines'>;

/** What a line may say beside its item. */
export type LineMarks = Pick<Line, 'feeDate' | 'certifiedFor' | 'restrictionMet'>;

/** A bill as the cashier types it in: line by line, the total at the end. */
export class BillDraft {
  readonly #head: BillHead;
  readonly #lines: Line[] = [];

  constructor(head: BillHead) {
    this.#head = head;
  }

  get lineCount(): number {
    return this.#lines.length;
  }

  /** Fen so far. */
  get total(): bigint {
    return scaled(sumOf(this.#lines.map(({ amount }) => amount)), 2);
  }

  /** An item of the charge master; answers with the number of the line. */
  charge(item: ChargeItem, quantity: string, marks: LineMarks = {}): number {
    return this.#push({ code: item.code, name: item.name, quantity, price: item.price, ...marks });
  }

  /** An item under the institution's own code, which the engine maps. */
  chargeMapped(item: ChargeItem, hospitalCode: string, quantity: string): number {
    return this.#push({ hospitalCode, name: item.name, quantity, price: item.price });
  }

  /** Something that no catalogue knows. */
  chargeUnlisted(hospitalCode: string, name: string, price: string): number {
    return this.#push({ hospitalCode, name, quantity: '1', price });
  }

  /** Single pieces out of a pack, at a price of four places. */
  chargePieces(item: ChargeItem, packSize: number, pieces: number): number {
    const price = pricePerPiece(item.price, packSize);
    return this.#push({ code: item.code, name: item.name, quantity: String(pieces), price });
  }

  /** Gives back all or some of an earlier line. */
  refund(no: number, quantity?: string): void {
    const original = this.#lines[no - 1];
    if (original === undefined) {
      throw new AppError('BAD_SAMPLE_DATA', `there is no line ${no} to refund`, { status: 500 });
    }
    const back = quantity ?? original.quantity;
    const amount = back === original.quantity ? original.amount : lineAmount(back, original.price);
    const negated = { quantity: `-${back}`, amount: decimal(-scaled(amount, 2), 2) };
    this.#lines.push({ ...original, ...negated, refundOf: no });
  }

  finish(): BillRequest {
    return { ...this.#head, total: sumOf(this.#lines.map(({ amount }) => amount)), lines: this.#lines };
  }

  #push(line: Omit<Line, 'amount'>): number {
    return this.#lines.push({ ...line, amount: lineAmount(line.quantity, line.price) });
  }
}
