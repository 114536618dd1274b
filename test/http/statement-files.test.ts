import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExportRow, StatementExport } from '../../src/app/lifecycle/export-statement.ts';
import {
  amountCell,
  csvCell,
  statementCsv,
  statementJson,
  statementXlsx,
} from '../../src/http/lifecycle/statement-files.ts';
import { formatFen } from '../../src/core/money/text.ts';
import { unzip } from '../support/unzip.ts';

function row(changes: Partial<ExportRow> = {}): ExportRow {
  return {
    kind: 'item',
    id: 's1',
    institutionId: 'H31011800001',
    billNumber: 'MZ-1',
    scheme: 'employee',
    benefit: 'outpatient',
    reverses: '',
    layer: '',
    total: 12_345,
    fundTotal: 7_500,
    account: 2_000,
    owed: 9_500,
    hash: 'f'.repeat(64),
    ...changes,
  };
}

function statement(rows: readonly ExportRow[], perPage = 3): StatementExport {
  return {
    statementId: 'st',
    about: { statementId: 'st', settlements: rows.length },
    async *pages() {
      for (let from = 0; from < rows.length; from += perPage) yield rows.slice(from, from + perPage);
      return undefined;
    },
  };
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const piece of pieces) text += piece;
  return text;
}

async function bytesOf(pieces: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

describe('a cell of a CSV file', () => {
  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('disarms the formula %j', (text) => {
    expect(csvCell(text).replace(/^"/, '')).toMatch(/^'/);
  });

  it('leaves an amount a number, also a negative one', () => {
    expect(csvCell('-12.50', true)).toBe('-12.50');
  });

  it('quotes what would end it, so that any text comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const cell = csvCell(text);
        const inside = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect(cell.startsWith('"') || !/[",\r\n]/.test(cell)).toBe(true);
        expect([text, `'${text}`]).toContain(inside);
      }),
    );
  });
});

describe('an amount in a workbook', () => {
  it('is shown as it was written, whatever a binary double makes of it', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (amount) => {
        const number = /<v>(.*)<\/v>/.exec(amountCell(amount))?.[1];
        if (number === undefined) {
          expect(amountCell(amount)).toContain(`<t>${formatFen(amount)}</t>`);
        } else {
          // What a spreadsheet does: reads a double, shows 15 digits of it with two places.
          const shown = Number(Number(number).toPrecision(15));
          const digits = shown.toFixed(2);
          expect(digits === '-0.00' ? '0.00' : digits).toBe(formatFen(amount));
        }
      }),
    );
  });

  it('is text beyond fifteen digits', () => {
    expect(amountCell(999_999_999_999_999)).toBe('<c s="1"><v>9999999999999.99</v></c>');
    expect(amountCell(1_000_000_000_000_000)).toBe('<c t="inlineStr"><is><t>10000000000000.00</t></is></c>');
    expect(amountCell(undefined)).toBe('<c/>');
  });
});

describe('a statement as a file', () => {
  const rows = [
    row(),
    row({ id: 's2', billNumber: '=cmd|,"<&>\u0007', reverses: 's1', owed: -9_500 }),
    row({ kind: 'deduction', id: 'o1', billNumber: '', layer: 'pool', total: undefined, owed: -100 }),
    row({ kind: 'total', id: 'st', total: undefined, fundTotal: undefined, account: undefined, owed: -100 }),
  ];

  it('is CSV without a byte order mark', async () => {
    const text = await textOf(statementCsv(statement(rows)));
    const lines = text.split('\r\n');
    expect(lines[0]).toBe(
      'kind,id,institutionId,billNumber,scheme,benefit,reverses,layer,total,fundTotal,account,owed,hash',
    );
    expect(lines[2]).toContain(`,"'=cmd|,""<&>\u0007",`);
    expect(lines[2]).toContain(',-95.00,');
    expect(lines).toHaveLength(rows.length + 2);
  });

  it('is JSON, without members that a row does not have', async () => {
    const read = JSON.parse(await textOf(statementJson(statement(rows)))) as { rows: object[]; settlements: number };
    expect(read.settlements).toBe(4);
    expect(read.rows).toHaveLength(4);
    expect(read.rows[3]).not.toHaveProperty('total');
    expect(JSON.parse(await textOf(statementJson(statement([]))))).toMatchObject({ rows: [] });
  });

  it('is a workbook of as many sheets as it takes', async () => {
    const parts = unzip(await bytesOf(statementXlsx(statement(rows), 3)), inflateRawSync);
    const sheets = [...parts.keys()].filter((name) => name.includes('sheet'));
    expect(sheets).toEqual(['xl/worksheets/sheet1.xml', 'xl/worksheets/sheet2.xml']);
    expect(parts.get('xl/worksheets/sheet1.xml')!.match(/<row>/g)).toHaveLength(4);
    expect(parts.get('xl/worksheets/sheet2.xml')!.match(/<row>/g)).toHaveLength(2);
    expect(parts.get('xl/worksheets/sheet1.xml')).toContain('<t>=cmd|,"&lt;&amp;&gt;</t>');
    expect(parts.get('xl/workbook.xml')!.match(/<sheet /g)).toHaveLength(2);
    expect(parts.get('[Content_Types].xml')).toContain('/xl/worksheets/sheet2.xml');
  });

  it('begins no sheet for rows that are not there', async () => {
    const parts = unzip(await bytesOf(statementXlsx(statement(rows, 4), 4)), inflateRawSync);
    expect([...parts.keys()].filter((name) => name.includes('sheet'))).toEqual(['xl/worksheets/sheet1.xml']);
  });

  it.each([
    ['csv', statementCsv],
    ['json', statementJson],
    ['xlsx', statementXlsx],
  ] as const)('breaks off as %s when its rows do not come to what was stated', async (_, write) => {
    const broken: StatementExport = {
      statementId: 'st',
      about: {},
      async *pages() {
        yield rows;
        throw new RangeError('the rows do not add up');
      },
    };
    const read = async () => {
      let pieces = 0;
      for await (const piece of write(broken)) pieces += piece.length;
      return pieces;
    };
    await expect(read()).rejects.toThrow('the rows do not add up');
  });
});
