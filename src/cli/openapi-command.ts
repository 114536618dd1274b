import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { fundContractDocument } from '../http/fund-contract.ts';
import { openApiDocument } from '../http/openapi.ts';

/** Both contracts: what we offer, and what a home fund's system offers us. */
const CONTRACTS = [
  { name: 'config/openapi.json', make: openApiDocument },
  { name: 'config/fund-openapi.json', make: fundContractDocument },
] as const;

type Contract = (typeof CONTRACTS)[number];

function fileOf({ name }: Contract): URL {
  return new URL(`../../${name}`, import.meta.url);
}

function generated({ make }: Contract): string {
  return `${JSON.stringify(make(), null, 2)}\n`;
}

function committed(contract: Contract): string {
  try {
    return readFileSync(fileOf(contract), 'utf8');
  } catch {
    return '';
  }
}

/** The first line that differs, with both sides of it. */
function firstDifference(before: string, after: string): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const at = now.findIndex((line, index) => line !== old[index]);
  const line = at === -1 ? now.length : at;
  return `line ${line + 1}\n  committed: ${old[line]?.trim() ?? '(nothing)'}\n  generated: ${now[line]?.trim() ?? '(nothing)'}`;
}

function check(contract: Contract): void {
  const [before, after] = [committed(contract), generated(contract)];
  if (before === after) {
    console.log(`${contract.name} is what the schemas say`);
    return;
  }
  console.error(
    `${contract.name} is not what the schemas say; first at ${firstDifference(before, after)}\n` +
      'If the change to the contract is meant, write it with: npm run tongjie -- openapi --write',
  );
  process.exitCode = 1;
}

/** `tongjie openapi`: prints a contract, writes both to config/, or checks that neither drifted. */
export function addOpenapiCommand(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document, or keep config/openapi.json and config/fund-openapi.json in step with it')
    .option('--write', 'write both documents')
    .option('--check', 'exit 1 when one of them is not what the schemas say')
    .option('--fund', 'print what a home fund’s system offers instead')
    .action((options: { write?: true; check?: true; fund?: true }) => {
      if (options.check) for (const contract of CONTRACTS) check(contract);
      else if (options.write) for (const contract of CONTRACTS) writeFileSync(fileOf(contract), generated(contract));
      else process.stdout.write(generated(CONTRACTS[options.fund ? 1 : 0]));
    });
}
