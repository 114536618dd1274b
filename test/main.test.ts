import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { readEnvironment } from '../src/config/environment.ts';
import { start } from '../src/main.ts';
import { configFolder, TWO_REGIONS } from './support/config-folder.ts';
import { createDatabase } from './support/private-mariadb.ts';
import { HOME, writeServiceRules } from './support/service-rules.ts';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');

describe('a start', () => {
  it('is refused without any policy, before there is a database', async () => {
    const configDir = configFolder({ 'regions/regions.yaml': TWO_REGIONS });
    const dataDir = join(configDir, 'data');
    const environment = readEnvironment({ CONFIG_DIR: configDir, DATA_DIR: dataDir });
    await expect(start({ environment, serve: false, work: false })).rejects.toMatchObject({
      code: 'BAD_RULES',
      message: expect.stringContaining(`${configDir}: has no policies/<region>/<scheme>/*.yaml`) as string,
    });
    expect(existsSync(dataDir)).toBe(false);
  });
});

/** A process of its own, and what it logs. */
function spawnRole(role: string, configDir: string) {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-main-'));
  const env = { ...process.env, CONFIG_DIR: configDir, DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'info' };
  const child = spawn(process.execPath, [MAIN, role], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    exit: new Promise<number | null>((exited) => child.once('exit', exited)),
    /** Reads the log up to a message. */
    async logged(message: string): Promise<Record<string, unknown>> {
      for (;;) {
        const { value, done } = await lines.next();
        expect(done, `the process ended without logging ${message}`).toBe(false);
        const entry = JSON.parse(value as string) as Record<string, unknown>;
        if (entry['msg'] === message) return entry;
      }
    },
  };
}

describe('a process that cannot listen', () => {
  it('ends, and says what to do, also with a database server to hold on to', async () => {
    const taken = createServer();
    await once(taken.listen(0, '127.0.0.1'), 'listening');
    onTestFinished(() => void taken.close());
    const rules = writeServiceRules();
    onTestFinished(rules.remove);
    const env = {
      ...process.env,
      CONFIG_DIR: rules.folder,
      DATABASE_URL: await createDatabase(inject('mariadbUrl'), `cannot_listen_${process.pid}`),
      PORT: String((taken.address() as AddressInfo).port),
      LOG_LEVEL: 'silent',
    };
    const child = spawn(process.execPath, [MAIN, 'serve'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const said = text(child.stderr);
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(1);
    expect(await said).toContain('PORT chooses another one');
  });
});

describe('a running process', () => {
  it.each(['serve', 'worker'])(
    'as %s loads its rules again on SIGHUP, and goes on when they are refused',
    async (role) => {
      const rules = writeServiceRules();
      onTestFinished(rules.remove);
      const file = join(rules.folder, `policies/${HOME}/employee/2024.yaml`);
      const good = readFileSync(file, 'utf8');
      const { child, exit, logged } = spawnRole(role, rules.folder);
      await logged('started');

      writeFileSync(file, good.replace('value: 0.80', 'value: 1.80'));
      child.kill('SIGHUP');
      expect(await logged('rules refused; those in force stay')).toMatchObject({
        errors: [{ file: `policies/${HOME}/employee/2024.yaml`, path: 'benefits.outpatient.bands.ratio[0].value' }],
      });

      writeFileSync(file, good.replace('value: 0.80', 'value: 0.70'));
      child.kill('SIGHUP');
      expect(await logged('rules loaded again')).toMatchObject({ policies: 2, catalogues: 2 });
      child.kill('SIGTERM');
      expect(await exit).toBe(0);
    },
  );
});
