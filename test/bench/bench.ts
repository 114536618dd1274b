import { Command } from 'commander';
import { printReport, type Report } from './report.ts';
import { benchSettle } from './settle.ts';
import { startBench } from './setup.ts';

const numbers = (text: string): number[] => text.split(',').map(Number);

const program = new Command('bench')
  .description('measures what it starts itself: MariaDB with full durability and one service')
  .argument('[scenarios...]', 'settle', ['settle'])
  .option('--clients <list>', 'sizes of the closed loops', numbers, [1, 8, 64])
  .option('--seconds <n>', 'length of each load', Number, 6)
  .option('--persons <n>', 'population', Number, 1_000_000)
  .option('--institutions <n>', 'institutions', Number, 100)
  .option('--profile <folder>', 'write a CPU profile of the service into a folder')
  .option('--json', 'print reports as JSON')
  .parse();

const options = program.opts<{
  clients: number[];
  seconds: number;
  persons: number;
  institutions: number;
  profile?: string;
  json?: true;
}>();

const nodeArguments = options.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${options.profile}`];
const bench = await startBench({ ...options, nodeArguments }, (text) => {
  if (options.json !== true) process.stderr.write(`\r${text}   `);
});
process.stderr.write('\n');
try {
  const reports: Report[] = [];
  for (const scenario of program.args.length === 0 ? ['settle'] : program.args) {
    if (scenario !== 'settle') throw new Error(`${scenario} is not a scenario`);
    reports.push(await benchSettle(bench, options.clients, options.seconds));
  }
  if (options.json === true) console.log(JSON.stringify(reports, undefined, 2));
  else reports.forEach(printReport);
} finally {
  await bench.stop();
}
