import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/config/csv-reader.ts';
import { parseCatalogue } from '../../src/config/load-catalogue.ts';
import { FileErrors } from '../../src/config/rule-error.ts';
import { CATALOGUE_HEADER } from '../support/config-folder.ts';

function parse(...lines: string[]) {
  const errors = new FileErrors('2024-01-01.csv');
  const catalogue = parseCatalogue('310118', '2024-01-01', lines.join('\n'), errors);
  return { catalogue, errors: errors.found.map(({ path, reason }) => `${path}: ${reason}`) };
}

const good = 'D1,a drug,drug,B,0.10,0.20,12.5,"second line only, ""with care""",,sourced,list';

describe('a catalogue', () => {
  it('is read to the last place', () => {
    const { catalogue, errors } = parse(CATALOGUE_HEADER, good, 'S1,自费,service,C,1,1,,,yes,illustrative,list');
    expect(errors).toEqual([]);
    expect([...catalogue.items.values()]).toEqual([
      {
        code: 'D1',
        name: 'a drug',
        kind: 'drug',
        itemClass: 'B',
        firstSelfPay: { employee: 10_000_000, resident: 20_000_000 },
        priceLimit: 12_500_000,
        restriction: 'second line only, "with care"',
        compliant: false,
        provenance: 'sourced',
        source: 'list',
      },
      {
        code: 'S1',
        name: '自费',
        kind: 'service',
        itemClass: 'C',
        firstSelfPay: { employee: 100_000_000, resident: 100_000_000 },
        priceLimit: undefined,
        restriction: undefined,
        compliant: true,
        provenance: 'illustrative',
        source: 'list',
      },
    ]);
  });

  it.each([
    [',a drug,drug,A,0,0,,,,sourced,list', /^row 3, code: is empty/],
    ['D2,,drug,A,0,0,,,,sourced,list', /^row 3, name: is empty/],
    ['D2,a drug,potion,A,0,0,,,,sourced,list', /^row 3, kind: "potion" is not one of: drug, service, consumable/],
    ['D2,a drug,drug,D,0,0,,,,sourced,list', /^row 3, class: "D" is not one of: A, B, C/],
    ['D2,a drug,drug,B,1.1,0,,,,sourced,list', /^row 3, first_self_pay_employee: "1.1" is not a ratio/],
    ['D2,a drug,drug,B,0,,,,,sourced,list', /^row 3, first_self_pay_resident: "" is not a ratio/],
    ['D2,a drug,drug,B,0,0,-1,,,sourced,list', /^row 3, price_limit: "-1" is not a price/],
    ['D2,a drug,drug,B,0,0,1.1234567,,,sourced,list', /^row 3, price_limit/],
    ['D2,a drug,drug,C,1,1,,,no,sourced,list', /^row 3, compliant: "no" is not one of/],
    ['D2,a drug,drug,A,0,0,,,yes,sourced,list', /^row 3, compliant: is only for class C/],
    ['D2,a drug,drug,A,0,0,,,,hearsay,list', /^row 3, provenance/],
    ['D2,a drug,drug,A,0,0,,,,sourced,', /^row 3, source: is empty/],
    ['D2,a drug,drug,A,0,0,,,,sourced', /^row 3: has 10 fields, not 11/],
    ['D1,another,drug,A,0,0,,,,sourced,list', /^row 3, code: D1 is there twice/],
  ])('names the row and column of %s', (row, message) => {
    const { errors } = parse(CATALOGUE_HEADER, good, row);
    expect(errors).toEqual([expect.stringMatching(message)]);
  });

  it('names every bad row and every bad column', () => {
    const { errors } = parse(
      CATALOGUE_HEADER,
      'D1,,potion,A,0,0,,,,sourced,list',
      good,
      'D3,x,drug,A,0,2,,,,sourced,list',
    );
    expect(errors.map((error) => error.split(':')[0])).toEqual([
      'row 2, name',
      'row 2, kind',
      'row 4, first_self_pay_resident',
    ]);
  });

  it('names missing, unknown and misplaced columns', () => {
    expect(parse(CATALOGUE_HEADER.replace('source', 'origin')).errors).toEqual([
      'row 1: column source is missing',
      'row 1: unknown column origin',
    ]);
    expect(parse(CATALOGUE_HEADER.replace('code,name', 'name,code')).errors[0]).toMatch(
      /^row 1: columns must be in the order/,
    );
    expect(parse('').errors).toHaveLength(11);
  });

  it('has a hash that depends on its rows and not on their order', () => {
    const other = 'D2,another,drug,A,0,0,,,,sourced,list';
    const hashes = [
      parse(CATALOGUE_HEADER, good, other),
      parse(CATALOGUE_HEADER, other, good),
      parse(CATALOGUE_HEADER, good),
      parse(CATALOGUE_HEADER, good, other.replace('0,0', '0,0.1')),
    ].map(({ catalogue }) => catalogue.hash);
    expect(hashes[0]).toBe(hashes[1]);
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('the CSV reader', () => {
  it.each([
    [
      'a,b\nc,d',
      [
        ['a', 'b'],
        ['c', 'd'],
      ],
    ],
    [
      'a,b\r\nc,\r\n',
      [
        ['a', 'b'],
        ['c', ''],
      ],
    ],
    ['\uFEFFa,"b"\n', [['a', 'b']]],
    [
      '"a ""quoted"" word","two\nlines"\r\nx,y',
      [
        ['a "quoted" word', 'two\nlines'],
        ['x', 'y'],
      ],
    ],
    ['"",""', [['', '']]],
  ])('reads %j', (text, rows) => {
    const { rows: read, error } = readCsv(text);
    expect(error).toBeUndefined();
    expect(read.map(({ fields }) => fields)).toEqual(rows);
  });

  it('knows on which line a row starts, also after a field of several lines', () => {
    expect(readCsv('a\n"b\nb\nb"\nc').rows.map(({ line }) => line)).toEqual([1, 2, 5]);
  });

  it.each([
    ['a\n"b', 2, /never closed/],
    ['a\nb"c', 2, /inside a field/],
    ['"a"b', 1, /follows a closing quote/],
  ])('refuses %j', (text, line, reason) => {
    expect(readCsv(text).error).toEqual({ line, reason: expect.stringMatching(reason) as string });
  });
});
