import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBenchService, writeBenchConfig } from './bench-service.ts';
import { median, type Report } from './report.ts';
import type { BenchContext } from './scenario.ts';

const ROUNDS = 5;

/** From the start of a `serve` process to its first good /readyz: on an empty data folder, and on the one that it left. */
export async function benchStart({ say }: BenchContext): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-bench-start-'));
  try {
    const configDir = join(folder, 'config');
    writeBenchConfig(configDir, []);
    const cold: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      say(`start, ${round + 1} of ${ROUNDS}`);
      const settings = { CONFIG_DIR: configDir, DATA_DIR: join(folder, `data-${round}`) };
      for (const times of [cold, warm]) {
        const service = await startBenchService(settings);
        times.push(service.readyMs);
        await service.stop();
      }
    }
    const row = (start: string, times: readonly number[]) => ({
      start,
      'ms (median)': Math.round(median(times)),
      best: Math.round(Math.min(...times)),
      worst: Math.round(Math.max(...times)),
    });
    return {
      scenario: `start to /readyz, embedded SQLite, shipped rules, ${ROUNDS} rounds`,
      rows: [row('cold (empty data folder)', cold), row('warm (second start)', warm)],
      notes: [],
      figures: { cold, warm },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
