import { describe, expect, it } from 'vitest';
import type { Institution } from '../../../src/app/ports.ts';
import { receiveBill } from '../../../src/app/settlement/receive-bill.ts';
import { postedBill, postedLine } from '../../support/posted-bill.ts';

const institution: Institution = {
  id: 'H33042100001',
  name: '医院',
  nameEn: 'hospital',
  region: '330421',
  level: 3,
  kind: 'hospital',
  groups: [],
  mapping: new Map([['OWN-1', 'A1']]),
};

const receive = (bill: ReturnType<typeof postedBill>, own = institution) => receiveBill(bill, own, '2026-11-24');
const hashOf = (bill: ReturnType<typeof postedBill>, own = institution) => receive(bill, own).command.contentHash;

describe('the hash of a bill’s content', () => {
  const bill = postedBill({ lines: [postedLine('1000.00', { hospitalCode: 'OWN-1', code: undefined })] });
  const line = bill.lines[0]!;

  it.each([
    ['the request key', { ...bill, requestKey: 'again' }],
    ['the order of keys', Object.fromEntries(Object.entries(bill).reverse()) as typeof bill],
    [
      'how numbers are written',
      { ...bill, total: '1000.00', lines: [{ ...line, quantity: '1.0000', price: '1000.000000' }] },
    ],
    [
      'defaults written out',
      { ...bill, emergency: false, lines: [{ ...line, feeDate: bill.visitDate, restrictionMet: false }] },
    ],
  ])('does not change with %s', (_what, same) => {
    expect(hashOf(same)).toBe(hashOf(bill));
  });

  it('does not change when the institution’s mapping does', () => {
    expect(hashOf(bill, { ...institution, mapping: new Map() })).toBe(hashOf(bill));
  });

  it.each([
    ['the number', { ...bill, billNumber: 'other' }],
    ['the person', { ...bill, personId: 'p2' }],
    ['the payer', { ...bill, familyPayer: 'p2' }],
    ['the kind', { ...bill, kind: 'pharmacy' as const }],
    ['the day', { ...bill, visitDate: '2026-11-23' }],
    ['the emergency', { ...bill, emergency: true }],
    ['the disease', { ...bill, disease: 'M07801' }],
    ['the name of a line', { ...bill, lines: [{ ...line, name: '别的' }] }],
    ['the code of a line', { ...bill, lines: [{ ...line, code: 'A1' }] }],
    ['the hospital’s code of a line', { ...bill, lines: [{ ...line, hospitalCode: 'OWN-2' }] }],
    ['the fee date of a line', { ...bill, lines: [{ ...line, feeDate: '2026-11-23' }] }],
    ['what a line is certified for', { ...bill, lines: [{ ...line, certifiedFor: 'M07801' }] }],
    ['a confirmed restriction', { ...bill, lines: [{ ...line, restrictionMet: true }] }],
    ['how an amount is cut into pieces', { ...bill, lines: [{ ...line, quantity: '2', price: '500' }] }],
  ])('changes with %s', (_what, other) => {
    expect(hashOf(other)).not.toBe(hashOf(bill));
  });
});

it('maps the hospital’s own codes and takes the facts of the institution along', () => {
  const { command, problems } = receive(
    postedBill({ lines: [postedLine('1000.00', { code: undefined, hospitalCode: 'OWN-1' })] }),
  );
  expect(problems).toEqual([]);
  expect(command.bill.lines[0]?.code).toBe('A1');
  expect(command.institution).toEqual({ id: 'H33042100001', region: '330421', level: 3, groups: [] });
});
