import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFen } from '../../../src/core/money/text.ts';
import { FEN_MAX } from '../../../src/core/money/fen.ts';
import { readFen, writeInteger } from '../../../src/app/reconciliation/amount-bytes.ts';
import { CHS_FORM, csvForm, type LineForm } from '../../../src/app/reconciliation/line-form.ts';
import { LineReader, PROBLEMS_MAX } from '../../../src/app/reconciliation/line-reader.ts';

const PARTY = 'H33042100001';
const DATE = '2026-11-24';
const HEADER = 'institutionId,businessDate,settlementId,billNumber,refund,personId,total,fundTotal,account';
const HASH = 'ab'.repeat(32);

function read(content: string | Buffer, form: LineForm = csvForm('institution'), chunkBytes = 1_000_000) {
  const reader = new LineReader(form, { party: PARTY, businessDate: DATE });
  const bytes = Buffer.from(content as string);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    if (!reader.read(bytes.subarray(at, at + chunkBytes))) break;
  }
  reader.end();
  const [settled, refunds] = [reader.takeSettled(), reader.takeRefunds()];
  const { problems, sums, lines } = reader;
  const staged = { settled: settled.bytes.toString(), refunds: refunds.bytes.toString() };
  return { problems, sums, lines, stagedLines: settled.lines + refunds.lines, isRising: settled.isRising, ...staged };
}

const told = (content: string | Buffer, form?: LineForm) =>
  read(content, form).problems.map(({ line, column, name, problem }) => `${line}:${column} ${name} ${problem}`);

const csv = (...lines: string[]) => [HEADER, ...lines].join('\n');
const row = (id: string, rest = '0,p1,100.00,60.5,1') => `${PARTY},${DATE},${id},B-${id},${rest}`;
const chs = (id: string, amounts = '100.00\t60.00\t1.00', flag = '0') => `${id}\tv-${id}\tp1\t${amounts}\t${flag}`;

describe('a file is read', () => {
  it('as CSV: every line down to fen', () => {
    const { settled, refunds, sums, lines, problems } = read(csv(row('s1'), row('s2', '1,p1,-100.00,-60.5,-1'), ''));
    expect(problems).toEqual([]);
    expect(settled).toBe('s1\t0\tp1\t10000\t6050\t100\t2\tB-s1\t\\N\n');
    expect(refunds).toBe('s2\t1\tp1\t-10000\t-6050\t-100\t3\tB-s2\t\\N\n');
    expect(sums).toEqual({
      settled: { settlements: 1, total: 10_000, fundTotal: 6_050, account: 100 },
      refunded: { settlements: 1, total: -10_000, fundTotal: -6_050, account: -100 },
    });
    expect(lines).toBe(2);
  });

  it('with the hash of rules, with a byte order mark, CRLF and quotes', () => {
    const content = `\ufeff${HEADER},policyHash\r\n"${PARTY}",${DATE},"s1",B-1,0,p1,"1",0,0,${HASH}\r\n${PARTY},${DATE},s2,B-2,0,p1,1,0,0,`;
    expect(read(content).settled).toBe(`s1\t0\tp1\t100\t0\t0\t2\tB-1\t${HASH}\ns2\t0\tp1\t100\t0\t0\t3\tB-2\t\\N\n`);
  });

  it('as 3202: TAB, no header, null for nothing, any words at the end', () => {
    const { settled, problems } = read(`${chs('s1')}\tnull\n${chs('s2')}\t门诊，"ok"\n`, CHS_FORM);
    expect(problems).toEqual([]);
    expect(settled).toBe('s1\t0\tp1\t10000\t6000\t100\t1\tv-s1\t\\N\ns2\t0\tp1\t10000\t6000\t100\t2\tv-s2\t\\N\n');
    expect(read(chs('s1'), CHS_FORM).lines).toBe(1);
    expect(read('', CHS_FORM)).toMatchObject({ lines: 0, problems: [] });
  });

  it('the same however it comes in pieces', () => {
    const content = `\ufeff${csv(row('s1'), row('s2'), row('s3', '1,p1,-3,0,0'))}`;
    const whole = read(content);
    expect(whole.lines).toBe(3);
    for (const chunkBytes of [1, 2, 3, 7, 50]) {
      expect(read(content, undefined, chunkBytes)).toEqual(whole);
    }
  });

  it('and known to be in order, or not, refunds apart', () => {
    const isRising = (...ids: string[]) => read(csv(...ids.map((id) => row(id)))).isRising;
    expect(isRising()).toBe(true);
    expect(isRising('s1', 's10', 's2')).toBe(true);
    expect(isRising('s1', 's1')).toBe(false);
    expect(isRising('s2', 's1')).toBe(false);
    expect(isRising('s10', 's1')).toBe(false);
    expect(isRising('s1', 'S2')).toBe(false);
    expect(read(csv(row('s2'), row('s1', '1,p1,-1,0,0'), row('s3'))).isRising).toBe(true);
  });

  it('part by part, each of which begins anew', () => {
    const reader = new LineReader(csvForm('institution'), { party: PARTY, businessDate: DATE });
    reader.read(Buffer.from(`${csv(row('s5'), row('s4'))}\n`));
    expect(reader.takeSettled()).toMatchObject({ lines: 2, isRising: false });
    reader.read(Buffer.from(`${row('s1')}\n${row('s2')}\n`));
    expect(reader.takeSettled()).toMatchObject({ lines: 2, isRising: true });
  });
});

describe('a file is refused', () => {
  it('with every bad field of every bad line', () => {
    const content = csv(
      row('s1', '0,p1,100.005,1e2,1'),
      row('s2', '2,,"1,000.00",+1,0'),
      'H33042199999,2026-11-23,s 3,,0,p1,1,0,0',
      row('s4', '0,p1,-1,0,0'),
      row('s5', '1,p1,1,0,0'),
      row('s7', '0,p1,1,0'),
      row('s8', '0,p1,01,10000000000.01,.5'),
    );
    expect(told(content)).toEqual([
      '2:7 total has more than two decimals',
      '2:8 fundTotal has an exponent: write the amount out',
      '3:5 refund is neither 0 nor 1',
      '3:7 total has separators of thousands',
      '3:8 fundTotal is not an amount of at most two decimals, such as 12.50',
      '3:6 personId is missing',
      '4:3 settlementId has characters other than letters, digits, ".", "_" and "-"',
      '4:4 billNumber is missing',
      '4:1 institutionId is not the one that the file is sent for',
      '4:2 businessDate is not the day of the file',
      '5:7 total is negative on a line that is no refund',
      '6:7 total is positive on a refund',
      '7:0  has 8 columns instead of 9',
      '8:7 total begins with a needless 0',
      '8:8 fundTotal is more than ten billion yuan',
      '8:9 account is not an amount of at most two decimals, such as 12.50',
    ]);
    expect(read(content).stagedLines).toBe(0);
  });

  it('when its encoding is another one', () => {
    const gbk = Buffer.concat([Buffer.from(`${chs('s1')}\t`), Buffer.from([0xc3, 0xc5, 0xd5, 0xef, 0x0a])]);
    expect(told(gbk, CHS_FORM)).toEqual(['1:8 exp_content is not UTF-8: is the file GBK?']);
    const inId = Buffer.concat([
      Buffer.from(`${HEADER}\n${PARTY},${DATE},`),
      Buffer.from([0xc3, 0xc5]),
      Buffer.from(',b,0,p,1,0,0'),
    ]);
    expect(told(inId)).toEqual(['2:3 settlementId is not UTF-8: is the file GBK?']);
    expect(told(csv(row('门诊')))).toEqual([
      '2:3 settlementId has characters other than letters, digits, ".", "_" and "-"',
      '2:4 billNumber has characters other than letters, digits, ".", "_" and "-"',
    ]);
    const utf16 = Buffer.from(`\ufeff${csv(row('s1'))}`, 'utf16le');
    expect(told(utf16)).toEqual(['1:0  the file is UTF-16: it must be UTF-8']);
    expect(told(Buffer.from(utf16).swap16())).toEqual(['1:0  the file is UTF-16: it must be UTF-8']);
    expect(told(Buffer.from(chs('s1'), 'utf16le'), CHS_FORM)).toEqual(['1:0  the file is UTF-16: it must be UTF-8']);
  });

  it('when its header is another one, or none', () => {
    expect(told(row('s1'))).toHaveLength(9);
    expect(told(HEADER.replace('personId', 'psn_no'))).toEqual([
      '1:6 personId the header has something else where "personId" belongs',
    ]);
    expect(told(`${HEADER},policyHash,more`)).toEqual(['1:11  the header has a column too many']);
    expect(told(HEADER.slice(0, HEADER.lastIndexOf(',')))).toEqual([
      '1:9 account the header has something else where "account" belongs',
    ]);
    expect(told('')).toEqual(['1:0  the file is empty: it has no header']);
    expect(told(HEADER)).toEqual([]);
  });

  it('when a quote is wrong, a line is empty or has no end', () => {
    expect(told(csv(row('"s1'), row('s"1"'), row('"s1"x')))).toEqual([
      '2:3 settlementId has a quote that is not closed, or inside',
      '3:3 settlementId has characters other than letters, digits, ".", "_" and "-"',
      '3:4 billNumber has characters other than letters, digits, ".", "_" and "-"',
      '4:3 settlementId has a quote that is not closed, or inside',
    ]);
    expect(told(csv(row('s1'), '', row('s2')))).toEqual(['3:0  has 1 columns instead of 9']);
    expect(told(csv(row('s1'), 'x'.repeat(30_000)))).toEqual(['3:0  is longer than 20000 bytes']);
    expect(told(csv(row('s1'), 'x'.repeat(30_000), row('s2')))).toEqual(['3:0  is longer than 20000 bytes']);
    expect(told(csv(row(`s${'1'.repeat(40)}`)))[0]).toBe('2:3 settlementId has more than 40 characters');
    expect(told(csv(row('null')))).toEqual(['2:3 settlementId is missing']);
    expect(told(`${HEADER},policyHash\n${row('s1')},abc`)).toEqual([
      '2:10 policyHash is not a hash of 64 hexadecimal digits',
    ]);
  });

  it('without naming more than a hundred things', () => {
    const many = csv(...Array.from({ length: 5_000 }, () => row('s 1')));
    expect(told(many)).toHaveLength(PROBLEMS_MAX);
  });

  it('from the first bad line on: nothing after it is staged', () => {
    expect(read(csv(row('s1'), row('s 2'), row('s3'))).stagedLines).toBe(1);
  });
});

describe('amounts', () => {
  const written = (value: number): string => {
    const bytes = Buffer.alloc(32);
    return bytes.toString('latin1', 0, writeInteger(bytes, 0, value));
  };

  it('read from bytes are those read from text', () => {
    const pieces = fc.array(fc.constantFrom('0', '1', '9', '.', '-', 'e', ' ', '00', '123456789'), { maxLength: 8 });
    const anyText = fc.oneof(
      pieces.map((each) => each.join('')),
      fc.double().map(String),
      fc.string(),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        const parsed = parseFen(text);
        const expected = parsed === undefined || Math.abs(parsed) > FEN_MAX ? Number.NaN : parsed;
        const bytes = Buffer.from(` ${text} `);
        expect(readFen(bytes, 1, bytes.length - 1)).toBe(expected);
      }),
    );
    expect(readFen(Buffer.from('10000000000.00'), 0, 14)).toBe(FEN_MAX);
    expect(readFen(Buffer.from('-0.00'), 0, 5)).toBe(0);
  });

  it('are written as they are', () => {
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => written(value) === String(value)));
    expect([0, 9, 10, -1, 99, 100].map(written)).toEqual(['0', '9', '10', '-1', '99', '100']);
  });
});
