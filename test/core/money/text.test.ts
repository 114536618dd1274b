import { Decimal } from 'decimal.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatFen,
  formatPrice,
  formatQuantity,
  formatRatio,
  parseFen,
  parsePrice,
  parseQuantity,
  parseRatio,
  parseScaled,
} from '../../../src/core/money/text.ts';

const Exact = Decimal.clone({ precision: 60 });
const safe = fc.oneof(fc.integer({ min: -100_000, max: 100_000 }), fc.maxSafeInteger());

const FORMS = [
  { name: 'fen', parse: parseFen, format: formatFen, places: 2 },
  { name: 'quantity', parse: parseQuantity, format: formatQuantity, places: 4 },
  { name: 'price', parse: parsePrice, format: formatPrice, places: 6 },
] as const;

describe('amounts as text', () => {
  it.each(FORMS)('reads back what it writes: $name', ({ parse, format, places }) => {
    fc.assert(
      fc.property(safe, (value) => {
        const text = format(value);
        expect(parse(text)).toBe(value);
        expect(text).toBe(new Exact(value).div(10 ** places).toFixed(places));
      }),
    );
  });

  it.each(FORMS)(
    'reads every decimal that decimal.js reads, unless it has too many places: $name',
    ({ parse, places }) => {
      const digits = (max: number) =>
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: max }).map((list) => list.join(''));
      const decimal = fc
        .tuple(fc.constantFrom('', '-'), fc.nat({ max: 99_999_999 }).map(String), digits(8))
        .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`);
      fc.assert(
        fc.property(decimal, (text) => {
          const written = text.split('.')[1]?.length ?? 0;
          const scaled = new Exact(text).times(10 ** places).toNumber() + 0;
          expect(parse(text)).toBe(written > places ? undefined : scaled);
        }),
      );
    },
  );

  it('reads and writes ratios of at most four places between 0 and 1', () => {
    for (let scaled = 0; scaled <= 10_000; scaled += 1) {
      const ratio = scaled * 10_000;
      expect(parseRatio(formatRatio(ratio))).toBe(ratio);
    }
    expect(formatRatio(100_000_000)).toBe('1.0');
    expect(formatRatio(85_000_000)).toBe('0.85');
    expect(formatRatio(1)).toBe('0.00000001');
    for (const text of ['1.0001', '-0.1', '2', '0.00001', '.5', 'half']) expect(parseRatio(text), text).toBeUndefined();
  });

  it('refuses whatever is not a plain decimal', () => {
    for (const text of [
      '',
      '-',
      '.',
      '1.',
      '.1',
      '01',
      '00',
      '+1',
      '1e3',
      '0x10',
      ' 1',
      '1 ',
      '1,000',
      '１',
      'NaN',
      'Infinity',
      '--1',
    ]) {
      expect(parseFen(text), JSON.stringify(text)).toBeUndefined();
    }
    const likely = fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-'), maxLength: 20 });
    fc.assert(
      fc.property(fc.oneof(fc.string(), likely), (text) => {
        const plain = /^-?(0|[1-9][0-9]*)(\.[0-9]{1,2})?$/.test(text);
        expect(parseFen(text) !== undefined).toBe(plain && new Exact(text).abs().lte('90071992547409.91'));
      }),
    );
  });

  it('refuses what is too large to count exactly, and has one zero', () => {
    expect(parseFen('90071992547409.91')).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseFen('90071992547409.92')).toBeUndefined();
    expect(parseScaled('99999999999999999', 0)).toBeUndefined();
    expect(parseFen('-0.00')).toBe(0);
    expect(Object.is(parseFen('-0'), 0)).toBe(true);
  });
});
