import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { openApiDocument } from '../http/openapi.ts';

/** The contract as it is committed. */
const COMMITTED = new URL('../../config/openapi.json', import.meta.url);

function generated(): string {
  return `${JSON.stringify(openApiDocument(), null, 2)}\n`;
}

function committed(): string {
  try {
    return readFileSync(COMMITTED, 'utf8');
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

function check(): void {
  const [before, after] = [committed(), generated()];
  if (before === after) {
    console.log('config/openapi.json is what the schemas say');
    return;
  }
  console.error(
    `config/openapi.json is not what the schemas say; first at ${firstDifference(before, after)}\n` +
      'If the change to the contract is meant, write it with: npm run tongjie -- openapi --write',
  );
  process.exitCode = 1;
}

/** `tongjie openapi`: prints the contract, writes it to config/openapi.json, or checks that it did not drift. */
export function addOpenapiCommand(program: Command): void {
  program
    .command('openapi')
    .description('print the OpenAPI document, or keep config/openapi.json in step with it')
    .option('--write', 'write config/openapi.json')
    .option('--check', 'exit 1 when config/openapi.json is not what the schemas say')
    .action((options: { write?: true; check?: true }) => {
      if (options.check) check();
      else if (options.write) writeFileSync(COMMITTED, generated());
      else process.stdout.write(generated());
    });
}
