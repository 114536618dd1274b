import type { Command } from 'commander';
import { Option } from 'commander';
import { loadConfig } from '../config/load-config.ts';
import { compareGuides, type ComparedEntry, type Guide, type GuideMark } from '../core/casework/guides.ts';
import { invalidInput } from '../platform/errors.ts';
import { printErrors } from './policy-commands.ts';

interface CompareOptions {
  readonly config: string;
  readonly language: 'zh' | 'en';
  readonly json?: boolean;
}

const SIGNS: Readonly<Record<GuideMark, string>> = { same: '=', differs: '≠', onlyInOne: '1' };

function printComparison(entries: readonly ComparedEntry[], language: 'zh' | 'en'): void {
  let section = '';
  for (const entry of entries) {
    if (entry.section !== section) {
      section = entry.section;
      console.log(`\n${section}`);
    }
    console.log(`  ${SIGNS[entry.mark]} ${entry.id}`);
    const said = entry.by.flatMap(({ region, entry: own }) => (own === undefined ? [] : [{ region, own }]));
    if (entry.mark === 'same') console.log(`      ${said[0]?.own[language] ?? ''}`);
    else for (const { region, own } of said) console.log(`      ${region}  ${own[language]} (${own.provenance})`);
  }
  const count = (mark: GuideMark): number => entries.filter((entry) => entry.mark === mark).length;
  console.log(`\n= same ${count('same')}   ≠ differs ${count('differs')}   1 only in one ${count('onlyInOne')}`);
}

function compare(regions: readonly string[], { config: folder, language, json }: CompareOptions): void {
  const loaded = loadConfig(folder);
  if (!loaded.ok) {
    printErrors(loaded.errors);
    return;
  }
  const { guides } = loaded.config;
  const unknown = regions.filter((region) => !guides.has(region));
  if (unknown.length > 0) {
    const known = [...guides.keys()].join(', ');
    throw invalidInput(
      unknown.map((region) => ({ field: region, problem: `has no guide; there are ${known}` })),
      'no such guide',
    );
  }
  const chosen = regions.map((region) => guides.get(region)).filter((guide): guide is Guide => guide !== undefined);
  const entries = compareGuides(chosen);
  if (json === true) console.log(JSON.stringify({ regions, entries }, undefined, 2));
  else printComparison(entries, language);
}

/** `guides compare`: two counties' handling guides side by side. */
export function addGuideCommand(program: Command): void {
  const guides = program.command('guides').description('handling guides of the counties');
  guides
    .command('compare')
    .description('lay the guides of two counties side by side and mark what differs')
    .argument('<a>', 'region code of a county')
    .argument('<b>', 'region code of another')
    .option('--config <dir>', 'folder of guides and regions', 'config')
    .addOption(new Option('--language <language>', 'language of the entries').choices(['zh', 'en']).default('zh'))
    .option('--json', 'print the comparison as JSON')
    .action((a: string, b: string, options: CompareOptions) => {
      compare([a, b], options);
    });
}
