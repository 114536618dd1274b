import { spawnSync } from 'node:child_process';
import { readdirSync, renameSync, utimesSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addMaterial } from '../../../src/app/casework/add-material.ts';
import type { CaseworkDeps } from '../../../src/app/casework/case-deps.ts';
import { openCase } from '../../../src/app/casework/open-case.ts';
import { sweepMaterials } from '../../../src/app/casework/sweep-materials.ts';
import { openDatabase, type Database } from '../../../src/db/open-database.ts';
import { caseworkDeps, openCommand } from '../../support/casework-deps.ts';
import { sampleFile } from '../../support/material-files.ts';
import { prepareGround, startOn, type Ground } from '../../support/service.ts';

const CLERK = { id: 'zhao', region: '330421' };
const HOUR_MS = 60 * 60 * 1000;

async function* inChunks(file: Uint8Array) {
  for (let at = 0; at < file.length; at += 1000) yield file.subarray(at, at + 1000);
}

const url = (path: string): string =>
  JSON.stringify(pathToFileURL(resolve(import.meta.dirname, '../../..', path)).href);

/** Hands a file in, and kills itself: while it reads the file, or when the file is kept and its row is not there yet. */
const UPLOADER = `
  const [place, caseId, moment] = JSON.parse(process.argv[1]);
  const { openDatabase } = await import(${url('src/db/open-database.ts')});
  const { addMaterial } = await import(${url('src/app/casework/add-material.ts')});
  const { caseworkDeps } = await import(${url('test/support/casework-deps.ts')});
  const { sampleFile } = await import(${url('test/support/material-files.ts')});
  const die = () => process.kill(process.pid, 'SIGKILL');
  const never = new Promise(() => setInterval(() => {}, 1000));
  const deps = caseworkDeps(await openDatabase(place), Date.now());
  const file = sampleFile('application/pdf', 50_000, moment.length);
  async function* content() {
    yield file.subarray(0, 20_000);
    if (moment === 'reading') { die(); await never; }
    yield file.subarray(20_000);
  }
  const change = moment === 'entering' ? async () => { die(); await never; } : deps.cases.change;
  await addMaterial({ ...deps, cases: { ...deps.cases, change } }, {
    caseId, itemId: 'card', name: 'x.pdf', mediaType: 'application/pdf', content: content(),
    actor: { id: 'zhao', region: '330421' },
  });
  process.exit(0);`;

describe.each(['sqlite', 'mariadb'] as const)('materials after a kill, on %s', (engine) => {
  let ground: Ground;
  let database: Database;
  let deps: CaseworkDeps;
  let caseId: string;

  beforeAll(async () => {
    ground = await prepareGround(engine);
    database = await openDatabase(ground.place);
    await database.clearingStore.openFirstWindow('2026-11-24', 0);
    deps = caseworkDeps(database, Date.now());
    caseId = (await openCase(deps, openCommand())).record.caseId;
  });

  afterAll(async () => {
    await database.close();
    ground.remove();
  });

  const kept = (): string[] => {
    const folder = join(ground.place.dataDir, 'materials');
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  };
  const later = () => ({ ...deps, clock: { now: () => Date.now() + 2 * HOUR_MS } });
  const dieWhile = (moment: string) => {
    const argument = JSON.stringify([ground.place, caseId, moment]);
    const { signal, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', UPLOADER, argument], {
      encoding: 'utf8',
    });
    return signal ?? `${status}: ${stderr}`;
  };

  it('that nobody killed stay', async () => {
    expect(dieWhile('never')).toMatch(/^0:/);
    expect(kept()).toHaveLength(1);
    const nothing = { filesRemoved: 0, draftsRemoved: 0, contentsMissed: 0, contentsFound: 0 };
    expect(await sweepMaterials(later())).toEqual(nothing);
  });

  it('that were half read, or kept and not entered, are gone at the next start', async () => {
    expect(dieWhile('reading')).toBe('SIGKILL');
    expect(dieWhile('entering')).toBe('SIGKILL');
    expect(kept()).toHaveLength(3);
    expect((await database.caseStore.file(caseId))?.materials).toHaveLength(1);
    // An upload under way in another process looks just like that.
    expect(await sweepMaterials(deps)).toMatchObject({ filesRemoved: 0, draftsRemoved: 0 });
    // Hours later, by the clock that the service of the tests has.
    const longAgo = new Date('2026-11-23');
    for (const path of kept()) utimesSync(path, longAgo, longAgo);
    await (await startOn(ground)).stop();
    expect(kept()).toHaveLength(1);
    expect(await sweepMaterials(later())).toMatchObject({ filesRemoved: 0, draftsRemoved: 0 });
  });

  it('whose file is lost are marked, and found again when it is back', async () => {
    const [path = ''] = kept();
    renameSync(path, `${path}.lost`);
    expect(await sweepMaterials(later())).toMatchObject({ contentsMissed: 1, contentsFound: 0 });
    expect(await sweepMaterials(later())).toMatchObject({ contentsMissed: 0, contentsFound: 0 });
    const materials = async () => (await database.caseStore.file(caseId))?.materials.map((each) => each.missingSinceMs);
    expect(await materials()).toEqual([expect.any(Number)]);
    renameSync(`${path}.lost`, path);
    expect(await sweepMaterials(later())).toMatchObject({ contentsMissed: 0, contentsFound: 1 });
    expect(await materials()).toEqual([undefined]);
  });

  it('of the same content are one file, and stay while one of them does', async () => {
    const file = sampleFile('application/pdf', 50_000, 'never'.length);
    const command = { caseId, itemId: 'card', name: 'y.pdf', mediaType: 'application/pdf', actor: CLERK };
    const { material } = await addMaterial(deps, { ...command, content: inChunks(file) });
    expect(kept()).toHaveLength(1);
    const all = (await database.caseStore.file(caseId))!.materials;
    expect(all.map(({ sha256 }) => sha256)).toEqual([material.sha256, material.sha256]);
  });

  it('leave nothing when the content breaks off', async () => {
    async function* broken() {
      yield sampleFile('application/pdf', 5000).subarray(0, 3000);
      throw new RangeError('gone');
    }
    const command = { caseId, itemId: 'card', name: 'z.pdf', mediaType: 'application/pdf', actor: CLERK };
    await expect(addMaterial(deps, { ...command, content: broken() })).rejects.toThrow('gone');
    expect(kept()).toHaveLength(1);
  });

  it('are read in pieces of any size', async () => {
    const file = sampleFile('image/png', 3001);
    async function* bytes() {
      for (const byte of file) yield Uint8Array.of(byte);
    }
    const command = { caseId, itemId: 'card', name: 'bytes.png', mediaType: 'image/png', actor: CLERK };
    const { material } = await addMaterial(deps, { ...command, content: bytes() });
    const content = await deps.materialFiles.open(material.sha256);
    expect((await buffer(content!)).equals(file)).toBe(true);
  });
});
