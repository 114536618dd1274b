import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IMPORT_FILES, type ImportFile } from '../../src/app/funds/import-files.ts';
import { openDatabase } from '../../src/db/open-database.ts';
import { freshPlace } from '../support/databases.ts';
import { writeServiceRules } from '../support/service-rules.ts';

const run = promisify(execFile);
const TONGJIE = resolve(import.meta.dirname, '../../src/cli/tongjie.ts');
const YEAR = '2026-01-01';

function person(id: string, changes: Partial<Record<number, string>> = {}): string {
  const fields = [
    id,
    '320509',
    'employee',
    '"沈, ""小""芬"',
    '1961-05-06',
    'retired',
    '2016-05-06',
    'false',
    'false',
    'true',
    'false',
    'none',
    'active:2000-01-01..2019-12-31;suspended:2020-01-01..2020-12-31;active:2021-01-01..',
    '',
  ];
  return fields.map((field, at) => changes[at] ?? field).join(',');
}

describe.each(['sqlite', 'mariadb'] as const)('tongjie persons import on %s', (engine) => {
  let place: Awaited<ReturnType<typeof freshPlace>>;
  let rules: ReturnType<typeof writeServiceRules>;
  let folders = 0;

  beforeAll(async () => {
    place = await freshPlace(engine);
    rules = writeServiceRules();
  });

  afterAll(() => {
    place.remove();
    rules.remove();
  });

  function folderOf(files: Partial<Record<ImportFile, readonly string[] | string>>): string {
    const folder = join(rules.folder, `import-${(folders += 1)}`);
    mkdirSync(folder);
    for (const [file, rows] of Object.entries(files)) {
      const header = IMPORT_FILES[file as ImportFile].join(',');
      const text = typeof rows === 'string' ? rows : `${[header, ...rows].join('\n')}\n`;
      writeFileSync(join(folder, `${file}.csv`), text);
    }
    return folder;
  }

  async function importFrom(path: string, ...options: string[]) {
    const env = { ...process.env, CONFIG_DIR: rules.folder, DATA_DIR: place.dataDir, DATABASE_URL: place.url ?? '' };
    const done = await run(process.execPath, [TONGJIE, 'persons', 'import', path, ...options], { env }).catch(
      (error: unknown) => error as { stdout: string; stderr: string; code: number },
    );
    return { code: 'code' in done ? done.code : 0, stdout: done.stdout, stderr: done.stderr };
  }

  async function stored(id: string) {
    const database = await openDatabase(place);
    await database.migrate();
    const found = await database.personStore.find(id);
    const left = await database.importStore.page('', undefined, 1);
    const count = await database.personStore.count();
    await database.close();
    expect(left).toEqual([]);
    return { ...found, count };
  }

  it('refuses everything for anything, and names every row that is wrong', async () => {
    const folder = folderOf({
      persons: [
        person('a'),
        person('b', { 2: 'rural', 4: '1961-5-6' }),
        'c,320509',
        person('d', { 12: 'on:2000-01-01..' }),
      ],
      accounts: ['a,10.005,0,x,'],
    });
    const { code, stderr } = await importFrom(folder);
    expect(code).toBe(1);
    expect(stderr.split('\n').slice(0, -1)).toEqual([
      'persons.csv:3: scheme is not one of employee, resident',
      'persons.csv:3: birth_date is not a day such as 2026-11-24',
      'persons.csv:4: has 2 fields, not 14',
      'persons.csv:5: coverage is not a list such as active:2020-01-01..2020-12-31;suspended:2021-01-01..',
      'accounts.csv:2: current is not an amount of at most two places',
      'accounts.csv:2: event_sequence is not a whole number from 0',
      '6 problems: nothing is imported',
    ]);
    const sense = folderOf({
      persons: [
        person('a'),
        person('a'),
        person('b', { 1: '999999' }),
        person('d', { 4: '1961-02-30' }),
        person('e'),
        person('f'),
      ],
      registrations: ['nobody,M07801,2026-01-01,,', 'e,M07801,2026-01-02,2026-01-01,'],
      accounts: ['e,10.00,0.00,0,'],
      accumulators: [
        `e,${YEAR},poolPaid,1.00`,
        `e,${YEAR},unheardOf,1.00`,
        `e,${YEAR},poolPaid,2.00`,
        `f,${YEAR},poolPaid,1`,
      ],
    });
    const json = JSON.parse((await importFrom(sense, '--json')).stdout) as { problems: object[]; count: number };
    expect(json.problems).toEqual([
      { file: 'persons', line: 3, column: 'person_id', problem: 'is there twice' },
      { file: 'persons', line: 4, column: 'home_region', problem: 'is no county of the rules' },
      { file: 'persons', line: 5, column: 'birth_date', problem: 'is not a day that exists' },
      { file: 'registrations', line: 3, column: 'to', problem: 'is before it begins' },
      expect.objectContaining({ file: 'accumulators', line: 3, column: 'value' }),
      { file: 'accumulators', line: 4, column: 'value', problem: 'is there twice' },
      expect.objectContaining({ file: 'accumulators', line: 5, column: 'person_id' }),
      { file: 'registrations', line: 2, column: 'person_id', problem: 'is nobody in persons.csv' },
    ]);
    expect((await stored('a')).count).toBe(0);
  });

  it.each([
    ['an unclosed quote', `${IMPORT_FILES.persons.join(',')}\n"a,b\n`, 'persons.csv:2: a quote is never closed'],
    ['another header', 'person_id,name\n', `persons.csv:1: is not ${IMPORT_FILES.persons.join(',')}`],
    ['nothing', '', 'persons.csv:1: is empty; it needs its header at least'],
  ])('refuses a file with %s', async (_what, text, problem) => {
    const { code, stderr } = await importFrom(folderOf({ persons: text }));
    expect([code, stderr.split('\n')[0]]).toEqual([1, problem]);
  });

  it('imports persons with all that belongs to them, and keeps what a file says nothing of', async () => {
    const folder = folderOf({
      persons: [person('z'), person('y', { 13: 'z' })],
      registrations: ['z,M07801,2026-01-01,,2026-02-01'],
      filings: ['z,referral,330421,2026-01-01,2026-12-31'],
      accounts: ['z,12.34,5.6,3,'],
      accumulators: [`z,${YEAR},poolPaid,100.50`, `z,${YEAR},stays,2`],
    });
    const { code, stdout } = await importFrom(folder, '--json', '--as-of', '2026-11-20T00:00:00+08:00');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'imported', created: 2, replaced: 0, outdated: 0, refused: [] });
    const z = await stored('z');
    expect(z).toMatchObject({
      person: {
        name: '沈, "小"芬',
        coverage: [{ state: 'active' }, { state: 'suspended' }, { from: '2021-01-01', state: 'active' }],
        registrations: [{ disease: 'M07801', from: '2026-01-01', periodsFrom: '2026-02-01' }],
        filings: [{ kind: 'referral', treatmentRegion: '330421', from: '2026-01-01', to: '2026-12-31' }],
      },
      accounts: { current: 1234, carried: 560 },
      accumulators: { [YEAR]: { poolPaid: 10_050, stays: 2 } },
    });

    const alone = join(folderOf({ persons: [person('z', { 3: '新名' })] }), 'persons.csv');
    expect((await importFrom(alone)).stdout).toContain('0 persons new, 1 replaced');
    expect(await stored('z')).toMatchObject({
      person: { name: '新名', registrations: z.person!.registrations, filings: z.person!.filings },
      accounts: z.accounts!,
      accumulators: z.accumulators!,
    });
    const older = await importFrom(alone, '--as-of', '2026-11-19T00:00:00+08:00');
    expect(older.stdout).toContain('0 persons new, 0 replaced, 1 older');
    const elsewhere = await importFrom(folderOf({ persons: [person('z', { 1: '330421' })] }));
    expect(elsewhere.stderr).toContain('persons.csv:2: person_id is insured in another county');
  });

  it('says what is not there', async () => {
    const { code, stderr } = await importFrom(join(rules.folder, 'nowhere'));
    expect([code, stderr.split('\n')[0]]).toEqual([1, `${join(rules.folder, 'nowhere')} is not there`]);
  });
});
