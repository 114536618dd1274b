import type { BillRequest } from '../../src/http/schemas/bills.ts';

type Line = BillRequest['lines'][number];

/** A line of one piece, as a hospital posts it. */
export function postedLine(amount: string, changes: Partial<Line> = {}): Line {
  return { code: 'A1', name: '透析液', quantity: '1', price: amount, amount, ...changes };
}

let posted = 0;

/** A bill of one line of 1000.00 for p1, under a number of its own. */
export function postedBill(changes: Partial<BillRequest> = {}): BillRequest {
  posted += 1;
  return {
    institutionId: 'H33042100001',
    billNumber: `MZ-${posted}`,
    personId: 'p1',
    kind: 'outpatient',
    visitDate: '2026-11-24',
    total: '1000.00',
    lines: [postedLine('1000.00')],
    ...changes,
  };
}
