import Sqlite from 'better-sqlite3';
import { InvalidArgumentError, Option, program } from 'commander';
import { createProgress, type Progress } from '../../src/cli/progress.ts';
import { mariadbVersion } from '../support/private-mariadb.ts';
import { describeMachine, machineLine } from './machine.ts';
import { reportText, type Report } from './report.ts';
import type { BenchOptions } from './scenario.ts';
import { chooseScenarios, SCENARIOS } from './scenarios.ts';

const PERSONS = { mariadb: 1_000_000, sqlite: 100_000 };

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('It must be a whole number.');
  return value;
}

interface Options extends Omit<BenchOptions, 'persons'> {
  readonly persons?: number;
  readonly only?: readonly string[];
  readonly json?: true;
}

program
  .name('bench')
  .description('measures what it starts itself: a database with full durability, a service, yardsticks, a client')
  .argument('[scenarios...]', `any of: ${Object.keys(SCENARIOS).join(', ')} (all)`)
  .option('--only <list>', 'the same, separated by commas', (text) => text.split(','))
  .option('--clients <list>', 'sizes of the closed loops', (text) => text.split(',').map(positive), [1, 8, 64, 256])
  .option('--seconds <n>', 'length of each load', positive, 6)
  .option('--minutes <n>', 'length of memory', positive, 1)
  .option('--alternations <n>', 'turns of ours and the yardsticks; 0 leaves the yardsticks out', whole, 5)
  .option('--persons <n>', 'population (1,000,000; on SQLite 100,000)', whole)
  .option('--institutions <n>', 'institutions', whole, 100)
  .option('--serves <n>', 'serve processes on the one database', whole, 1)
  .addOption(new Option('--engine <name>', 'database').choices(['mariadb', 'sqlite']).default('mariadb'))
  .option('--profile <folder>', 'write a CPU profile of each service into a folder')
  .option('--json', 'print everything that was measured as JSON')
  .parse();

const { only = [], json, ...given } = program.opts<Options>();
const options: BenchOptions = { ...given, persons: given.persons ?? PERSONS[given.engine] };
const scenarios = chooseScenarios([...program.args, ...only]);

const isTerminal = process.stderr.isTTY;
const silent: Progress = { begin: () => undefined, at: () => undefined, end: () => undefined };
const progress = json === true ? silent : createProgress(isTerminal);
const say = (text: string): void => {
  // On a terminal one line that changes; elsewhere a line each.
  process.stderr.write(isTerminal ? `\r\u001b[K${text}` : `${text}\n`);
};

const database = options.engine === 'mariadb' ? `MariaDB ${mariadbVersion()}` : `SQLite ${sqliteVersion()}`;
const machine = describeMachine(database);

function sqliteVersion(): string {
  const raw = new Sqlite(':memory:');
  const version = raw.prepare('SELECT sqlite_version()').pluck().get() as string;
  raw.close();
  return version;
}

// What runs or lies in temporary folders goes with us, also when somebody has seen enough.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(code));
}

const reports: Report[] = [];
if (json !== true) console.log(machineLine(machine));
for (const [, scenario] of scenarios) {
  const report = await scenario({ options, progress, say });
  reports.push(report);
  if (isTerminal) process.stderr.write('\r\u001b[K');
  if (json !== true) console.log(`\n${reportText(report)}`);
}
if (json === true) console.log(JSON.stringify({ machine, options, reports }, undefined, 2));
