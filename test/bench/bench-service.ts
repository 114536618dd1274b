import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/private-mariadb.ts';
import type { BenchItem } from './bench-bills.ts';

/** Flags that docker/Dockerfile and README.md start a service with. */
const AS_IN_THE_IMAGE = ['--max-semi-space-size=64'];
const ROOT = resolve(import.meta.dirname, '../..');
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 10;

/** A `serve` process of ours, as it runs in production. */
export interface BenchService {
  readonly port: number;
  readonly pid: number;
  /** From the start of the process to the first good answer of /readyz. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

/** The project's own rules, with the bench's institutions beside the real ones. */
export function writeBenchConfig(folder: string, institutionIds: readonly string[]): void {
  cpSync(join(ROOT, 'config'), folder, { recursive: true, filter: (path) => !path.endsWith('/tools') });
  if (institutionIds.length === 0) return;
  const entries = institutionIds.map(
    (id, index) =>
      `  - { id: ${id}, name: 测试医院${index}, nameEn: Bench ${index}, region: "${id.slice(1, 7)}", level: ${(index % 3) + 1}, kind: hospital, groups: [] }`,
  );
  writeFileSync(join(folder, 'institutions', 'bench.yaml'), `institutions:\n${entries.join('\n')}\n`);
}

/** Items of a shipped catalogue, for bills to name. */
export function readBenchItems(configDir: string): BenchItem[] {
  const [header = '', ...lines] = readFileSync(join(configDir, 'catalogues/330421/2024-01-01.csv'), 'utf8')
    .trim()
    .split('\n');
  const columns = header.split(',');
  const [code, name] = [columns.indexOf('code'), columns.indexOf('name')];
  return lines
    .filter((line) => !line.includes('"'))
    .map((line) => line.split(','))
    .map((cells) => ({ code: cells[code] ?? '', name: cells[name] ?? '' }));
}

/** Starts `main.ts serve` with these settings and waits until it is ready. */
export async function startBenchService(
  settings: Readonly<Record<string, string>>,
  nodeArguments: readonly string[] = [],
): Promise<BenchService> {
  const port = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [...AS_IN_THE_IMAGE, ...nodeArguments, join(ROOT, 'src/main.ts'), 'serve'], {
    // An empty variable counts as not set: whoever runs the bench may have a database of their own in theirs.
    env: { ...process.env, DATABASE_URL: '', FUND_URLS: '', LOG_LEVEL: 'warn', PORT: String(port), ...settings },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  const endWithUs = (): void => {
    child.kill('SIGTERM');
  };
  process.once('exit', endWithUs);
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null) throw new Error('the service ended before it was ready');
    if (performance.now() - startedAt > READY_TIMEOUT_MS) {
      child.kill('SIGKILL');
      throw new Error('the service did not become ready');
    }
    await sleep(POLL_MS);
  }
  return {
    port,
    pid: child.pid ?? 0,
    readyMs: performance.now() - startedAt,
    async stop() {
      process.removeListener('exit', endWithUs);
      child.kill('SIGTERM');
      await ended;
    },
  };
}
