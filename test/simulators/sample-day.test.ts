import { describe, expect, it } from 'vitest';
import { checkBill } from '../../src/app/settlement/check-bill.ts';
import { daysBetween } from '../../src/core/calendar.ts';
import { amountOf } from '../../src/core/money/fen.ts';
import { parseFen, parsePrice, parseQuantity } from '../../src/core/money/text.ts';
import { billRequest, type BillRequest } from '../../src/http/schemas/bills.ts';
import { closingBillOf } from '../../src/simulators/day-planner.ts';
import { sampleGround, sampleOf } from '../support/sample.ts';

const DAY = '2026-11-24';
const ground = sampleGround();
const { persons, visits } = sampleOf(DAY, ground);
const institutions = new Map(ground.institutions.map((one) => [one.id, one]));
const homeOf = new Map(persons.map(({ person }) => [person.id, person.homeRegion]));
const settles = visits.flatMap(({ story, steps }) =>
  steps.flatMap((step) => (step.do === 'settle' ? [{ ...step, story }] : [])),
);
const bills: BillRequest[] = settles.map(({ bill }) => bill);

function billsOf(story: string): BillRequest[] {
  return settles.filter((step) => step.story === story).map(({ bill }) => bill);
}

describe('the sample day', () => {
  it('is the same for the same day, byte for byte, and another on another day', () => {
    expect(JSON.stringify(sampleOf(DAY, ground).visits)).toBe(JSON.stringify(visits));
    expect(JSON.stringify(sampleOf('2026-11-25', ground).visits)).not.toBe(JSON.stringify(visits));
  });

  it('can be made on any day: at the turn of a year, on a leap day, years later', () => {
    for (const day of ['2025-01-01', '2026-04-01', '2026-06-30', '2026-12-31', '2028-02-29', '2031-07-01']) {
      expect(sampleOf(day, ground).visits.length).toBe(visits.length);
    }
  });

  it('has at least 200 bills from every institution, most of them over a county line', () => {
    const fresh = settles.filter(({ expect: wanted }) => wanted === 'settled').map(({ bill }) => bill);
    expect(fresh.length).toBeGreaterThan(200);
    expect(new Set(fresh.map(({ institutionId }) => institutionId))).toEqual(new Set(institutions.keys()));
    const crossing = fresh.filter((bill) => homeOf.get(bill.personId) !== institutions.get(bill.institutionId)!.region);
    expect(crossing.length / fresh.length).toBeGreaterThan(0.75);
    const pairs = crossing.map(
      (bill) => `${homeOf.get(bill.personId)}→${institutions.get(bill.institutionId)!.region}`,
    );
    expect(new Set(pairs).size).toBe(6);
  });

  it('has every special case', () => {
    expect(Object.groupBy(visits, ({ story }) => story)).toMatchObject(
      Object.fromEntries(
        [
          'persona',
          'refundLine',
          'reversal',
          'corrected',
          'repeat',
          'conflict',
          'unlisted',
          'restricted',
          'splitPack',
          'emergency',
          'familyAccount',
          'dialysis',
          'tumour',
          'bandAndCap',
          'notInsured',
          'suspended',
        ].map((story) => [story, expect.anything()]),
      ),
    );
    expect(billsOf('refundLine').every(({ lines }) => lines.some((line) => line.refundOf !== undefined))).toBe(true);
    expect(billsOf('restricted').some(({ lines }) => lines.some((line) => line.restrictionMet === false))).toBe(true);
    expect(billsOf('splitPack').every(({ lines }) => lines.some((line) => line.quantity === '0.3333'))).toBe(true);
    expect(billsOf('dialysis').every(({ disease }) => disease === 'M07801')).toBe(true);
    expect(billsOf('tumour').every(({ disease }) => disease === 'M00500')).toBe(true);
    expect(billsOf('familyAccount').every(({ familyPayer }) => familyPayer !== undefined)).toBe(true);
  });

  it('has lines that no catalogue knows, under the hospital’s own code alone', () => {
    for (const { lines, institutionId } of billsOf('unlisted')) {
      const { mapping } = institutions.get(institutionId)!;
      const isUnknown = lines.some((line) => line.code === undefined && !mapping.has(line.hospitalCode!));
      expect(isUnknown).toBe(true);
    }
  });

  it('sends all personas somewhere', () => {
    const personas = persons.slice(3600).map(({ person }) => person.id);
    expect(personas.length).toBeGreaterThan(10);
    expect(new Set(billsOf('persona').map(({ personId }) => personId))).toEqual(new Set(personas));
  });

  it('asks every other patient once, so that no bill waits for another', () => {
    const patients = visits.flatMap(({ steps: [step] }) => (step?.do === 'settle' ? [step.bill.personId] : []));
    expect(new Set(patients).size).toBe(visits.length);
  });

  it('ends with the bill that tells a complete day', () => {
    const { institutionId, billNumber } = closingBillOf(DAY, ground.institutions);
    expect(bills.at(-1)).toMatchObject({ institutionId, billNumber });
    expect(bills.filter((bill) => bill.billNumber === billNumber)).toHaveLength(1);
  });
});

describe('every bill of the sample day', () => {
  it('is what the public schema asks for', () => {
    for (const bill of bills) expect(billRequest.safeParse(bill)).toMatchObject({ success: true });
  });

  it('passes the engine’s own check', () => {
    for (const bill of bills) {
      const { problems } = checkBill(bill, institutions.get(bill.institutionId)!.mapping, DAY);
      expect(problems).toEqual([]);
    }
  });

  it('adds up to the fen, line by line', () => {
    for (const { lines, total } of bills) {
      for (const { quantity, price, amount } of lines) {
        expect(parseFen(amount)).toBe(amountOf(parseQuantity(quantity)!, parsePrice(price)!));
      }
      expect(parseFen(total)).toBe(lines.reduce((sum, { amount }) => sum + parseFen(amount)!, 0));
    }
  });

  it('has a number of its own at its institution, but for repeats', () => {
    const fresh = settles.filter(({ story }) => !['repeat', 'conflict', 'corrected'].includes(story));
    expect(new Set(fresh.map(({ bill }) => `${bill.institutionId}/${bill.billNumber}`)).size).toBe(fresh.length);
  });

  it('has 40 to 130 lines over several days when it is an ordinary stay', () => {
    const stays = billsOf('ordinary').filter(({ kind }) => kind === 'inpatient');
    expect(stays.length).toBeGreaterThan(5);
    for (const { lines, admissionDate, visitDate } of stays) {
      expect(lines.length).toBeGreaterThanOrEqual(40);
      expect(lines.length).toBeLessThanOrEqual(130);
      expect(daysBetween(admissionDate!, visitDate)).toBeGreaterThan(2);
      expect(new Set(lines.map(({ feeDate }) => feeDate)).size).toBeGreaterThan(2);
    }
  });
});
