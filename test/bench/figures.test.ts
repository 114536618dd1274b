import { describe, expect, it } from 'vitest';
import { failuresOf, LatencyRecord, quantile } from './latency-record.ts';
import { median, reportText, slope, type Row } from './report.ts';
import { seeded } from './seeded.ts';

describe('quantile', () => {
  it('is the smallest figure that the share does not exceed', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
    expect(quantile(hundred, 0.5)).toBe(50);
    expect(quantile(hundred, 0.99)).toBe(99);
    expect(quantile(hundred, 1)).toBe(100);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBe(0);
  });
});

describe('a record of latencies', () => {
  it('keeps all of them, beyond what it has room for at first', () => {
    const record = new LatencyRecord();
    for (let latency = 1; latency <= 200_000; latency++) record.add(latency % 100 === 0 ? 503 : 201, latency);
    const result = record.result();
    expect(result).toMatchObject({ requests: 200_000, p50Ms: 100_000, p99Ms: 198_000, maxMs: 200_000 });
    expect(result.statuses).toEqual({ 201: 198_000, 503: 2_000 });
    expect(failuresOf(result)).toBe(2_000);
  });

  it('counts a lost connection as a failure', () => {
    expect(failuresOf({ statuses: { 0: 1, 200: 5, 201: 7, 409: 2 } })).toBe(3);
  });
});

describe('median', () => {
  it('is the middle one, or what lies between the two in the middle', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBe(0);
  });
});

describe('slope', () => {
  it('is the rise of a line through the points', () => {
    expect(slope([0, 1, 2, 3].map((x) => [x, 5 + 2 * x] as const))).toBeCloseTo(2);
    expect(slope([0, 1, 2, 3].map((x) => [x, 7] as const))).toBe(0);
    expect(slope([[1, 1]])).toBe(0);
  });
});

describe('a report', () => {
  it('is an aligned table of every column that a row has, with notes below', () => {
    const rows: Row[] = [
      { load: '8 clients', 'per second': 2000 },
      { load: 'by turns', ratio: '0.41' },
    ];
    expect(reportText({ scenario: 'settle', rows, notes: ['valid'] }).split('\n')).toEqual([
      'settle',
      'load       per second  ratio',
      '8 clients        2000',
      'by turns                0.41',
      'valid',
    ]);
  });
});

describe('seeded chance', () => {
  it('repeats itself and stays in [0, 1)', () => {
    const [one, other] = [seeded(42), seeded(42)];
    for (let drawn = 0; drawn < 1_000; drawn++) {
      const figure = one();
      expect(figure).toBe(other());
      expect(figure).toBeGreaterThanOrEqual(0);
      expect(figure).toBeLessThan(1);
    }
  });
});
