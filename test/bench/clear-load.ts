// Settles as fast as it can until it is stopped, in a process of its own as the service is; says how much it has settled.
import { openDatabase } from '../../src/db/open-database.ts';
import { createIdSource } from '../../src/platform/ids.ts';
import { needFor, sampleSettlement, writesFor } from '../support/settlement-samples.ts';

const [url = '', dataDir = ''] = process.argv.slice(2);
const LANES = 2;
const BATCH = 32;
const REGIONS = ['310118', '320509', '330421'];

const database = await openDatabase({ url, dataDir, connections: LANES });
const newId = createIdSource(() => Date.now());
let settled = 0;
let isOver = false;

async function lane(first: number): Promise<void> {
  for (let round = first; !isOver; round += LANES) {
    await database.settlementStore.transact(needFor(['load-1', 'load-2']), ({ windowId }) => {
      const settlements = Array.from({ length: BATCH }, (_, index) => {
        const settlementId = newId();
        return sampleSettlement({
          settlementId,
          billNumber: `L-${settlementId}`,
          windowId,
          homeRegion: REGIONS[(round + index) % 3] ?? '',
          settledAtMs: Date.now(),
        });
      });
      return { writes: writesFor(settlements), result: undefined };
    });
    settled += BATCH;
  }
}

process.once('SIGTERM', () => {
  isOver = true;
});
const telling = setInterval(() => process.send?.(settled), 50);
await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)));
clearInterval(telling);
await database.close();
process.disconnect();
