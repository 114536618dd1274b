import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { vi } from 'vitest';
import { openDatabase, type Database } from '../../src/db/open-database.ts';
import { shanghaiDate, systemClock } from '../../src/platform/clock.ts';
import { samplePerson } from './settlement-samples.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** The day of the first window of {@link openCommandLine}. */
export const YESTERDAY = shanghaiDate(systemClock.now() - DAY_MS);
export const TODAY = shanghaiDate(systemClock.now());

/** Commands that run in this process, on a database of their own. */
export interface CommandLine {
  readonly dataDir: string;
  readonly database: Database;
  /** What the command prints. */
  run(...words: string[]): Promise<string>;
  close(): Promise<void>;
}

function exitNowhere(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => undefined });
  for (const below of command.commands) exitNowhere(below);
}

/** An SQLite database with yesterday's window open and one person, and some commands that find it. */
export async function openCommandLine(...add: readonly ((program: Command) => void)[]): Promise<CommandLine> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongjie-command-'));
  vi.stubEnv('DATA_DIR', dataDir);
  vi.stubEnv('DATABASE_URL', '');
  let printed: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text: string) => void printed.push(text));
  const database = await openDatabase({ dataDir });
  await database.migrate();
  await database.clearingStore.openFirstWindow(YESTERDAY, 0);
  await database.personStore.importPersons([samplePerson('p1')]);
  return {
    dataDir,
    database,
    async run(...words) {
      printed = [];
      const program = new Command('tongjie');
      for (const one of add) one(program);
      exitNowhere(program);
      await program.parseAsync(words, { from: 'user' });
      return printed.join('\n');
    },
    async close() {
      await database.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}
