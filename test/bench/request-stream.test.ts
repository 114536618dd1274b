import { describe, expect, it } from 'vitest';
import { createBillRequests, createBills, type BillSource } from './bench-bills.ts';
import { benchInstitutionIds, benchInstitutions } from './bench-people.ts';

const SOURCE: BillSource = {
  institutions: benchInstitutions(benchInstitutionIds(3)),
  items: [
    { code: 'XA01', name: '阿莫西林胶囊' },
    { code: 'XB02', name: '挂号费' },
  ],
  persons: 1_000_000,
  visitDate: '2026-11-25',
  linesPerBill: 10,
};

interface SentBill {
  readonly billNumber: string;
  readonly personId: string;
  readonly institutionId: string;
  readonly total: string;
  readonly lines: readonly { readonly quantity: string; readonly price: string; readonly amount: string }[];
}

function parse(request: Buffer): { head: string; body: Buffer; bill: SentBill } {
  const end = request.indexOf('\r\n\r\n');
  const body = request.subarray(end + 4);
  return { head: request.toString('utf8', 0, end), body, bill: JSON.parse(body.toString('utf8')) as SentBill };
}

const fen = (text: string): number => Math.round(Number(text) * 100);

describe('requests', () => {
  it('are whole: the length is that of the body, the key that of the institution', () => {
    const next = createBillRequests(SOURCE, '/v1/settlements', 'B1', 1);
    for (let made = 0; made < 20; made++) {
      const { head, body, bill } = parse(next());
      expect(head).toContain('POST /v1/settlements HTTP/1.1');
      expect(head).toContain(`Content-Length: ${body.length}`);
      expect(head).toContain(`Bearer bench-key-of-${bill.institutionId}`);
    }
  });

  it('each have a number of their own, also when the bodies come round again', () => {
    const next = createBillRequests(SOURCE, '/v1/settlements', 'B1', 1);
    const numbers = Array.from({ length: 10_000 }, () => parse(next()).bill.billNumber);
    expect(new Set(numbers).size).toBe(10_000);
  });

  it('come from many persons', () => {
    const next = createBillRequests(SOURCE, '/v1/settlements', 'B1', 1);
    const persons = Array.from({ length: 1_000 }, () => parse(next()).bill.personId);
    expect(new Set(persons).size).toBeGreaterThan(990);
    for (const person of persons) expect(person).toMatch(/^(310118|320509|330421)3\d{8}$/);
  });

  it('are the same for a seed, and others for another', () => {
    const some = (seed: number): string[] => {
      const next = createBillRequests(SOURCE, '/v1/quotes', 'B1', seed);
      return Array.from({ length: 50 }, () => next().toString('utf8'));
    };
    expect(some(7)).toEqual(some(7));
    expect(some(7)).not.toEqual(some(8));
  });
});

describe('bills', () => {
  it('add up', () => {
    const next = createBills(SOURCE, 'A', 1);
    for (let made = 0; made < 50; made++) {
      const { lines, total } = JSON.parse(next()) as SentBill;
      expect(lines).toHaveLength(10);
      expect(lines.reduce((sum, { amount }) => sum + fen(amount), 0)).toBe(fen(total));
      for (const { quantity, price, amount } of lines) expect(Number(quantity) * fen(price)).toBe(fen(amount));
    }
  });
});
