import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchInstitution } from './bench-bills.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const READY_TIMEOUT_MS = 60_000;

/** A `serve` process of ours, as it runs in production. */
export interface BenchService {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Institution ids of the bench, spread over the three counties. */
export function benchInstitutionIds(count: number): string[] {
  const regions = ['310118', '320509', '330421'];
  return Array.from({ length: count }, (_, index) => `H${regions[index % 3] ?? ''}${String(90_000 + index)}`);
}

/** The project's own rules, with the bench's institutions beside the real ones. */
export function writeBenchConfig(folder: string, institutionIds: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const part of ['policies', 'catalogues', 'regions', 'institutions']) {
    cpSync(join(ROOT, 'config', part), join(folder, part), { recursive: true });
  }
  const entries = institutionIds.map(
    (id, index) =>
      `  - { id: ${id}, name: 测试医院${String(index)}, nameEn: Bench ${String(index)}, region: "${id.slice(1, 7)}", level: ${String((index % 3) + 1)}, kind: hospital, groups: [] }`,
  );
  writeFileSync(join(folder, 'institutions', 'bench.yaml'), `institutions:\n${entries.join('\n')}\n`);
}

async function freePort(): Promise<number> {
  for (;;) {
    // Below the ephemeral range, where an outgoing connection cannot take it in between.
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolved) => {
      server.once('error', () => {
        resolved(false);
      });
      server.listen(port, '127.0.0.1', () => {
        resolved(true);
      });
    });
    await new Promise((resolved) => server.close(resolved));
    if (isFree) return port;
  }
}

/** Starts `main.ts serve` on a database and waits until it is ready. */
export async function startBenchService(
  settings: Readonly<Record<string, string>>,
  nodeArguments: readonly string[] = [],
): Promise<BenchService> {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [...nodeArguments, join(ROOT, 'src/main.ts'), 'serve'], {
    env: { ...process.env, LOG_LEVEL: 'warn', PORT: String(port), ...settings },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = new Promise<void>((resolved) =>
    child.once('exit', () => {
      resolved();
    }),
  );
  const deadline = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const ready = await fetch(`http://127.0.0.1:${String(port)}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null || performance.now() > deadline) throw new Error('the service did not become ready');
    await sleep(50);
  }
  return {
    port,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Keys of the bench: nobody else can reach the loopback service that knows them. */
export function benchInstitutions(ids: readonly string[]): BenchInstitution[] {
  return ids.map((id) => ({ id, key: `bench-key-of-${id}` }));
}
