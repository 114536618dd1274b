import { expect, it } from 'vitest';
import { expectCleared } from '../support/cleared.ts';
import type { StoredSettlement } from '../../src/app/ports.ts';
import { postedBill } from '../support/posted-bill.ts';
import { startService } from '../support/service.ts';

const CLIENTS = 64;
const DAYS = ['2026-11-24', '2026-11-25', '2026-11-26'];

it(
  '64 clients over HTTP settle and reverse while windows close, each bill in one window',
  { timeout: 120_000 },
  async () => {
    const service = await startService('mariadb');
    try {
      const ids: string[] = [];
      let isOver = false;
      const client = async (index: number): Promise<void> => {
        for (let round = 0; !isOver; round++) {
          const personId = ['p1', 'p2', 'local', 'unregistered'][(index + round) % 4]!;
          const { status, body } = await service.call('POST', '/v1/settlements', {
            as: 'hospital',
            body: postedBill({ personId }),
          });
          expect(status).toBe(201);
          ids.push(body.settlementId);
          if ((index + round) % 5 > 0) continue;
          // Later bills of the person may stand on this one: then it cannot be undone alone, and nothing is written.
          const reversal = await service.call('POST', `/v1/settlements/${body.settlementId}/reversal`, {
            as: 'hospital',
            body: { reason: 'entered twice' },
          });
          expect([201, 409]).toContain(reversal.status);
          if (reversal.status === 201) ids.push(reversal.body.settlementId);
        }
      };
      const clients = Array.from({ length: CLIENTS }, (_, index) => client(index));
      for (const businessDate of DAYS) {
        const before = ids.length;
        await expect.poll(() => ids.length, { timeout: 30_000 }).toBeGreaterThan(before + 100);
        service.clock.nowMs = Date.parse(`${businessDate}T23:59:59+08:00`);
        const { status } = await service.call('POST', '/v1/clearing-runs', { as: 'operator', body: { businessDate } });
        expect(status).toBe(200);
      }
      isOver = true;
      await Promise.all(clients);
      await service.call('POST', '/v1/clearing-runs', { as: 'operator', body: { businessDate: '2026-11-26' } });
      service.clock.nowMs = Date.parse('2026-11-28T00:30:00+08:00');
      await service.call('POST', '/v1/clearing-runs', { as: 'operator', body: { businessDate: '2026-11-27' } });

      expect(new Set(ids).size).toBe(ids.length);
      const answered = new Map<string, StoredSettlement>();
      for (let from = 0; from < ids.length; from += 500) {
        for (const settlement of await service.database.settlementQueries.byIds(ids.slice(from, from + 500))) {
          answered.set(settlement.row.settlementId, settlement);
        }
      }
      expect(answered.size).toBe(ids.length);
      const { windows, settlements } = await expectCleared(service.database, answered);
      expect([windows, settlements]).toEqual([4, ids.length]);
    } finally {
      await service.stop();
    }
  },
);
