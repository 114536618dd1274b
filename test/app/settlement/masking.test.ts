import { expect, it } from 'vitest';
import { maskBillNumber, maskName } from '../../../src/app/settlement/masking.ts';

it.each([
  ['王小明', '**明'],
  ['王明', '*明'],
  ['欧阳小明', '***明'],
  ['明', '*'],
  ['', '*'],
  ['王𠮷', '*𠮷'],
])('leaves the last character of the name %s', (name, masked) => {
  expect(maskName(name)).toBe(masked);
});

it.each([
  ['MZ20261124-000123', '***123'],
  ['1234', '***234'],
  ['123', '***'],
])('leaves three characters of the bill number %s at most', (billNumber, masked) => {
  expect(maskBillNumber(billNumber)).toBe(masked);
});
