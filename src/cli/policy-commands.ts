import { resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { runCases, type CaseResult } from '../app/policy/run-cases.ts';
import { loadCases } from '../config/load-cases.ts';
import { loadConfig } from '../config/load-config.ts';
import type { RulesSummary } from '../config/load-rules.ts';
import type { RuleError } from '../config/rule-error.ts';
import { renderTable, type Column } from './terminal-table.ts';

const PROJECT_CONFIG = resolve(import.meta.dirname, '../../config');
const PROVENANCES = ['sourced', 'memory', 'illustrative'] as const;

function placeOf({ file, path, line }: RuleError): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path === '' ? place : `${place}: ${path}`;
}

/** Prints what keeps the configuration from being used, and makes the command fail. */
export function printErrors(errors: readonly RuleError[]): void {
  for (const error of errors) console.error(`${placeOf(error)}: ${error.reason}`);
  console.error(`${errors.length} ${errors.length === 1 ? 'error' : 'errors'}: nothing is loaded`);
  process.exitCode = 1;
}

function left(title: string): Column {
  return { title, align: 'left' };
}

function right(title: string): Column {
  return { title, align: 'right' };
}

function printTable(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
  if (rows.length > 0) console.log(['', ...renderTable(columns, rows)].join('\n'));
}

function printSummary({ policies, catalogues }: RulesSummary): void {
  printTable(
    [left('region'), left('scheme'), left('policy'), left('from'), left('to'), ...PROVENANCES.map(right), left('hash')],
    policies.map(({ policy: { region, scheme, id, from, to = '', hash }, values }) => {
      return [region, scheme, id, from, to, ...PROVENANCES.map((provenance) => String(values[provenance])), hash];
    }),
  );
  printTable(
    [left('region'), left('catalogue'), left('to'), right('items'), left('hash')],
    catalogues.map(({ catalogue: { region, from, to = '', items, hash } }) => {
      return [region, from, to, String(items.size), hash];
    }),
  );
}

function check({ config }: { readonly config: string }): void {
  const loaded = loadConfig(config);
  if (loaded.ok) printSummary(loaded.config.rules.summary);
  else printErrors(loaded.errors);
}

function printResults(results: readonly CaseResult[]): void {
  for (const { file, name, bills, differences } of results) {
    console.log(`${differences.length === 0 ? 'ok  ' : 'FAIL'} ${file}: ${name}`);
    for (const { bill, field, expected, got } of differences) {
      const where = bills === 1 ? '' : `bill ${bill}: `;
      console.log(`       ${where}${field}: expected ${expected}, got ${got}`);
    }
  }
  const failed = results.filter(({ differences }) => differences.length > 0).length;
  console.log(`${results.length} cases, ${failed} with a difference`);
}

function cases(folder: string, { config, json }: { readonly config: string; readonly json?: boolean }): void {
  const loaded = loadCases(folder, config);
  if (!loaded.ok) {
    if (json === true) console.log(JSON.stringify({ errors: loaded.errors }, undefined, 2));
    printErrors(loaded.errors);
    return;
  }
  const results = runCases(loaded.cases);
  if (json === true) console.log(JSON.stringify({ results }, undefined, 2));
  else printResults(results);
  if (results.some(({ differences }) => differences.length > 0)) process.exitCode = 1;
}

/** `policy check` and `policy cases`: both exit 1 when something is wrong. */
export function addPolicyCommands(program: Command): void {
  const policy = program.command('policy').description('check policies and run worked cases');
  policy
    .command('check')
    .description('load all rules and report every error at once; otherwise list what the policies rest on')
    .option('--config <dir>', 'folder of policies, catalogues, regions and institutions', 'config')
    .action(check);
  policy
    .command('cases')
    .description('run every *.case.yaml below a folder and print each difference')
    .argument('<folder>')
    .addOption(
      new Option('--config <dir>', 'whose rules hold where there are none beside the cases or above them').default(
        PROJECT_CONFIG,
        "the project's config folder",
      ),
    )
    .option('--json', 'print results as JSON')
    .action(cases);
}
