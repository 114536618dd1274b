import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import {
  IMPORT_FILE_NAMES,
  importPersons,
  type ImportOutcome,
  type ImportProgress,
  type ImportSource,
} from '../app/funds/import-persons.ts';
import type { ImportFile } from '../app/funds/import-files.ts';
import { parseInstant } from '../app/funds/fund-words.ts';
import { readCsvBlocks } from '../config/csv-blocks.ts';
import { readEnvironment } from '../config/environment.ts';
import { loadRules } from '../config/load-rules.ts';
import { openDatabase } from '../db/open-database.ts';
import { underLease } from '../jobs/lease.ts';
import { shanghaiDate, systemClock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import { createIdSource } from '../platform/ids.ts';
import { createProgress, type Progress } from './progress.ts';

interface ImportOptions {
  readonly asOf?: number;
  readonly json?: true;
}

function parseAsOf(text: string): number {
  const instantMs = parseInstant(text);
  if (instantMs === undefined)
    throw new InvalidArgumentError('it is not an instant such as 2026-11-24T02:00:00+08:00.');
  return instantMs;
}

function sourcesIn(path: string): ImportSource[] {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  const names = Object.entries(IMPORT_FILE_NAMES) as [ImportFile, string][];
  const found = names.flatMap(([file, name]): ImportSource[] => {
    const place = isFolder ? join(path, name) : path;
    if (!existsSync(place) || (!isFolder && file !== 'persons')) return [];
    return [{ file, bytes: statSync(place).size, blocks: readCsvBlocks(place) }];
  });
  if (found.some(({ file }) => file === 'persons')) return found;
  throw new AppError('NO_SUCH_FILE', `${isFolder ? join(basename(path), 'persons.csv') : path} is not there`, {
    status: 400,
    help: `a folder holds persons.csv and, as far as they are to be replaced, ${names.map(([, name]) => name).join(', ')}`,
  });
}

const WORDS = { read: '读取 bytes read', check: '核对 persons checked', apply: '写入 persons written' };

function progressOn(bar: Progress, options: ImportOptions): ImportProgress {
  if (options.json) return { begin: () => undefined, at: () => undefined };
  return {
    begin: (step, total) => bar.begin(WORDS[step], Math.max(total, 1)),
    at: (done) => bar.at(done),
  };
}

function report(outcome: ImportOutcome, seconds: string, { json }: ImportOptions): void {
  if (outcome.kind === 'refused') process.exitCode = 1;
  if (json) {
    console.log(JSON.stringify({ ...outcome, seconds }, undefined, 2));
    return;
  }
  if (outcome.kind === 'refused') {
    for (const { file, line, column, problem } of outcome.problems) {
      console.error(`${file}.csv:${line}:${column === '' ? '' : ` ${column}`} ${problem}`);
    }
    const more = outcome.count - outcome.problems.length;
    console.error(`${outcome.count} problems${more > 0 ? `, ${more} of them not shown` : ''}: nothing is imported`);
    return;
  }
  const { created, replaced, outdated, refused } = outcome;
  console.log(`${created} persons new, ${replaced} replaced, ${outdated} older than what is there, in ${seconds} s`);
  for (const { personId, code } of refused) console.error(`${personId} was not taken: ${code}`);
}

async function importFrom(path: string, options: ImportOptions): Promise<void> {
  const { databaseUrl, dataDir, configDir } = readEnvironment();
  const rules = loadRules(configDir);
  if (!rules.ok) {
    throw new AppError('BAD_RULES', 'the rules are refused', { status: 500, help: 'see tongjie policy check' });
  }
  const sources = sourcesIn(path);
  const database = await openDatabase({ url: databaseUrl, dataDir });
  const bar = createProgress(process.stdout.isTTY);
  const startedMs = performance.now();
  try {
    await database.migrate();
    await database.clearingStore.openFirstWindow(shanghaiDate(systemClock.now()), systemClock.now());
    const newId = createIdSource(() => systemClock.now());
    const codes = new Set(rules.regions.map(({ code }) => code));
    const deps = {
      copies: database.copyStore,
      imports: database.importStore,
      rulebook: () => rules.rulebook,
      clock: systemClock,
      newId,
      isRegion: (region: string) => codes.has(region),
      progress: progressOn(bar, options),
    };
    const leasing = { leases: database.leaseStore, clock: systemClock, newId };
    const done = await underLease(leasing, 'persons import', () =>
      importPersons(deps, { sources, asOfMs: options.asOf ?? systemClock.now() }),
    );
    bar.end();
    if (done.kind === 'heldElsewhere') {
      throw new AppError('IMPORT_RUNS', 'another import is running', { status: 409, retryable: true });
    }
    const tenths = String(Math.round((performance.now() - startedMs) / 100)).padStart(2, '0');
    report(done.result, `${tenths.slice(0, -1)}.${tenths.slice(-1)}`, options);
  } finally {
    await database.close();
  }
}

/** `persons import`: what a home fund hands over as files. */
export function addPersonsCommand(program: Command): void {
  program
    .command('persons')
    .description('insured persons as home funds hand them over')
    .command('import')
    .description('check CSV files whole, then take every person over; nothing is changed when a row is wrong')
    .argument(
      '<folder|file>',
      'folder with persons.csv, registrations.csv, filings.csv, accounts.csv, accumulators.csv',
    )
    .option('--as-of <instant>', 'when the files were so at the fund (default: now)', parseAsOf)
    .option('--json', 'print the outcome as JSON')
    .action(importFrom);
}
