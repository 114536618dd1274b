import { describe, expect, it } from 'vitest';
import { checkBill, type DraftBill, type DraftLine } from '../../../src/app/settlement/check-bill.ts';

const TODAY = '2026-11-24';

function line(changes: Partial<DraftLine> = {}): DraftLine {
  return { code: 'X1', name: '阿莫西林胶囊', quantity: '2', price: '6.25', amount: '12.50', ...changes };
}

function bill(changes: Partial<DraftBill> = {}): DraftBill {
  return {
    institutionId: 'H33042100001',
    billNumber: 'MZ-1',
    personId: '310118300000001',
    kind: 'outpatient',
    visitDate: '2026-11-23',
    total: '12.50',
    lines: [line()],
    ...changes,
  };
}

function problems(draft: DraftBill, mapping = new Map<string, string>()): string[] {
  return checkBill(draft, mapping, TODAY).problems.map(({ field, problem }) => `${field} ${problem}`);
}

describe('checkBill', () => {
  it('turns texts into integers', () => {
    const { bill: checked, problems: found } = checkBill(bill(), new Map(), TODAY);
    expect(found).toEqual([]);
    expect(checked).toMatchObject({ total: 1250, emergency: false });
    expect(checked.lines[0]).toMatchObject({
      no: 1,
      quantity: 20000,
      price: 6250000,
      amount: 1250,
      feeDate: '2026-11-23',
    });
  });

  it("maps the institution's own code where the national one is missing", () => {
    const draft = bill({ lines: [line({ code: undefined, hospitalCode: 'own-7' })] });
    expect(checkBill(draft, new Map([['own-7', 'N7']]), TODAY).bill.lines[0]?.code).toBe('N7');
    expect(checkBill(draft, new Map(), TODAY).bill.lines[0]?.code).toBeUndefined();
  });

  it('takes an amount that is a cent off quantity × price, and no more', () => {
    const off = (amount: string): string[] =>
      problems(bill({ total: amount, lines: [line({ quantity: '0.3333', price: '10.000001', amount })] }));
    expect(off('3.33')).toEqual([]);
    expect(off('3.34')).toEqual([]);
    expect(off('3.35')).toEqual(['lines[0].amount differs from quantity × price by more than 0.01']);
    expect(off('3.32')).toEqual(['lines[0].amount differs from quantity × price by more than 0.01']);
  });

  it('takes a unit price above a million yuan', () => {
    const dear = line({ quantity: '1', price: '1200000.000000', amount: '1200000.00' });
    expect(problems(bill({ total: '1200000.00', lines: [dear] }))).toEqual([]);
  });

  it.each<[string, Partial<DraftBill>, string[]]>([
    ['a sum that is not the lines', { total: '12.51' }, ['total is not the sum of the lines']],
    ['a visit tomorrow', { visitDate: '2026-11-25' }, ['visitDate lies in the future']],
    ['a day that does not exist', { visitDate: '2026-02-30' }, ['visitDate is not a day that exists']],
    ['a stay without its first day', { kind: 'inpatient' }, ['admissionDate is needed for an inpatient bill']],
    [
      'a special-disease bill without the disease',
      { kind: 'specialDisease' },
      ['disease is needed for a special-disease bill'],
    ],
    [
      'an admission after discharge',
      { admissionDate: '2026-11-24' },
      ['admissionDate lies after visitDate, the day of discharge', 'lines[0].feeDate lies before admissionDate'],
    ],
    [
      'a negative line that refunds nothing',
      { total: '-12.50', lines: [line({ quantity: '-2', amount: '-12.50' })] },
      [
        'lines[0].quantity is negative, but the line names no line that it refunds',
        'lines[0].amount is negative, but the line names no line that it refunds',
      ],
    ],
    ['a fee after the visit', { lines: [line({ feeDate: '2026-11-24' })] }, ['lines[0].feeDate lies after visitDate']],
    [
      'an amount in thousandths',
      { lines: [line({ amount: '12.505' })] },
      ['lines[0].amount is not an amount of at most 2 places'],
    ],
  ])('names %s', (_name, changes, expected) => {
    expect(problems(bill(changes))).toEqual(expected);
  });

  it('names every bad field at once', () => {
    const draft = bill({
      visitDate: '2027-01-01',
      total: '1',
      lines: [line({ price: '-6.25' }), line({ quantity: 'two' })],
    });
    expect(problems(draft)).toEqual([
      'visitDate lies in the future',
      'lines[0].price is negative',
      'lines[1].quantity is not a quantity of at most 4 places',
    ]);
  });

  describe('refund lines', () => {
    const refund = (changes: Partial<DraftLine>): DraftBill =>
      bill({ total: '6.25', lines: [line(), line({ quantity: '-1', amount: '-6.25', refundOf: 1, ...changes })] });

    it('may undo a part of an earlier line', () => {
      expect(problems(refund({}))).toEqual([]);
    });

    it.each<[string, Partial<DraftLine>, string]>([
      [
        'names no line',
        { refundOf: 3 },
        'lines[1].refundOf names no earlier line of this bill that is itself not a refund',
      ],
      [
        'names itself',
        { refundOf: 2 },
        'lines[1].refundOf names no earlier line of this bill that is itself not a refund',
      ],
      ['has another item', { code: 'X2' }, 'lines[1].code differs from the line that it refunds'],
      ['is positive', { quantity: '1', amount: '6.25' }, 'lines[1].quantity of a refund must not be positive'],
      [
        'takes back more than was billed',
        { quantity: '-3', amount: '-18.75' },
        'lines[1].quantity refunds more than was billed',
      ],
    ])('is refused when it %s', (_name, changes, expected) => {
      expect(problems(refund(changes))).toContain(expected);
    });
  });
});
