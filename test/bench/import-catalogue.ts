import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { CATALOGUE_COLUMNS, readCatalogue } from '../../src/config/load-catalogue.ts';
import { FileErrors } from '../../src/config/rule-error.ts';
import { writeBenchConfig } from './bench-service.ts';
import { median, type Report } from './report.ts';
import type { BenchContext } from './scenario.ts';
import { pickFrom, seeded } from './seeded.ts';

const ITEMS = 200_000;
const ROUNDS = 5;
const REGION = '330421';
const FROM = '2026-01-01';
const TONGJIE = resolve(import.meta.dirname, '../../src/cli/tongjie.ts');

/** A catalogue of made-up items as CSV, always the same for a seed. */
export function makeCatalogue(items: number, seed: number): string {
  const random = seeded(seed);
  const lines = Array.from({ length: items }, (_, index) => {
    const itemClass = pickFrom(['A', 'B', 'C'] as const, random);
    const ratio = { A: '0', B: `0.${1 + Math.floor(random() * 4)}`, C: '1' }[itemClass];
    const limit = random() < 0.3 ? `${1 + Math.floor(random() * 900)}.${10 + Math.floor(random() * 90)}` : '';
    const restriction = random() < 0.1 ? '"限二线用药, 限重症"' : '';
    return [
      `B${String(index).padStart(8, '0')}`,
      `测试项目${index} ${Math.floor(random() * 500)}mg×${Math.floor(random() * 48)}`,
      pickFrom(['drug', 'service', 'consumable'] as const, random),
      itemClass,
      ratio,
      ratio,
      limit,
      restriction,
      '',
      'illustrative',
      'made up for measuring',
    ].join(',');
  });
  return `${[CATALOGUE_COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/** Reading a catalogue of 200,000 items, with every check and its hash: the loader alone, and the command with all rules. */
export async function benchImport({ say }: BenchContext): Promise<Report> {
  const folder = mkdtempSync(join(tmpdir(), 'tongjie-bench-import-'));
  try {
    writeBenchConfig(folder, []);
    const file = join(folder, 'catalogues', REGION, `${FROM}.csv`);
    writeFileSync(file, makeCatalogue(ITEMS, 1));
    const megabytes = readFileSync(file).length / 1e6;
    const loader: number[] = [];
    const command: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      say(`import, ${round + 1} of ${ROUNDS}`);
      const errors = new FileErrors(file);
      const startedAt = performance.now();
      const { items } = readCatalogue(file, REGION, FROM, errors);
      loader.push((performance.now() - startedAt) / 1000);
      if (!errors.none || items.size !== ITEMS) throw new Error(`${ITEMS} items went in, ${items.size} came out`);

      const commandAt = performance.now();
      const { status, stdout } = spawnSync(process.execPath, [TONGJIE, 'policy', 'check', '--config', folder], {
        encoding: 'utf8',
      });
      command.push((performance.now() - commandAt) / 1000);
      if (status !== 0 || !stdout.replace(/\D/g, ' ').split(' ').includes(String(ITEMS))) {
        throw new Error(`policy check did not load ${ITEMS} items:\n${stdout}`);
      }
    }
    const row = (what: string, times: readonly number[]) => ({
      import: what,
      'first s': (times[0] ?? 0).toFixed(2),
      'median s': median(times).toFixed(2),
      'items a second': Math.round(ITEMS / median(times)),
    });
    return {
      scenario: `import of ${ITEMS} catalogue items (${megabytes.toFixed(1)} MB of CSV)`,
      rows: [row('loader', loader), row('tongjie policy check', command)],
      notes: [`valid: ${ITEMS} items in, ${ITEMS} out, each time`],
      figures: { loader, command },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
