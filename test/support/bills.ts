import type { BillCommand } from '../../src/app/settlement/judge-bill.ts';
import type { Bill } from '../../src/core/adjudicate/facts.ts';
import { SMALL_ITEM } from './small-rules.ts';

/** A bill of one line of the small catalogue's item. */
export function smallBill(amount: number, visitDate = '2026-11-20'): Bill {
  return {
    kind: 'outpatient',
    visitDate,
    admissionDate: undefined,
    emergency: false,
    disease: undefined,
    total: amount,
    lines: [
      {
        no: 1,
        code: SMALL_ITEM.code,
        name: SMALL_ITEM.name,
        quantity: 10_000,
        price: amount * 10_000,
        amount,
        feeDate: visitDate,
        certifiedFor: undefined,
        restrictionMet: false,
        refundOf: undefined,
      },
    ],
  };
}

/** A command for a bill as the endpoint makes it; the hash stands for the content. */
export function smallCommand(
  billNumber: string,
  personId: string,
  amount: number,
  changes: Partial<BillCommand> = {},
): BillCommand {
  return {
    institution: { id: 'H33042100001', region: '330421', level: 3, groups: [] },
    billNumber,
    requestKey: '',
    contentHash: `${personId}:${String(amount)}`,
    personId,
    familyPayer: undefined,
    bill: smallBill(amount),
    ...changes,
  };
}
