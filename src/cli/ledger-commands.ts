import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { takeTrialBalance, type TrialBalance } from '../app/ledger/trial-balance.ts';
import { readEnvironment } from '../config/environment.ts';
import { formatFen } from '../core/money/text.ts';
import { openDatabase } from '../db/open-database.ts';
import { groupThousands, renderTable } from './terminal-table.ts';

interface TrialOptions {
  readonly at?: number;
  readonly book?: string;
  readonly json?: true;
}

function parseInstant(text: string): number {
  const atMs = /([+-]\d{2}:\d{2}|Z)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw new InvalidArgumentError('it is not an instant such as 2026-11-24T18:00:00+08:00.');
  return atMs;
}

function toTable({ accounts, books }: TrialBalance): string {
  const money = (amount: number): string => (amount === 0 ? '' : groupThousands(formatFen(amount)));
  const columns = ['book', 'account', 'party', 'debit', 'credit'].map((title, at) => {
    return { title, align: at > 2 ? ('right' as const) : ('left' as const) };
  });
  const rows = accounts.map(({ book, account, party, amount }) => [
    book,
    account,
    party,
    money(Math.max(0, amount)),
    money(Math.max(0, -amount)),
  ]);
  const sums = books.map(({ book, debit, credit }) => [book, 'sum', '', money(debit), money(-credit)]);
  return renderTable(columns, [...rows, ...sums]).join('\n');
}

async function trialBalance({ at, book, json }: TrialOptions): Promise<void> {
  const { databaseUrl, dataDir } = readEnvironment();
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    const trial = await takeTrialBalance(database.ledgerQueries, at, book);
    const text = (amount: number): string => formatFen(amount);
    if (json) {
      const accounts = trial.accounts.map(({ amount, ...account }) => ({ ...account, balance: text(amount) }));
      const books = trial.books.map((sides) => ({
        book: sides.book,
        debit: text(sides.debit),
        credit: text(sides.credit),
      }));
      console.log(JSON.stringify({ accounts, books }, undefined, 2));
    } else console.log(toTable(trial));
    const broken = trial.books.filter(({ debit, credit }) => debit + credit !== 0);
    if (broken.length === 0) return;
    console.error(`these books do not come to 0: ${broken.map((sides) => sides.book).join(' ')}`);
    process.exitCode = 1;
  } finally {
    await database.close();
  }
}

/** `ledger`: the books, as auditors look at them. */
export function addLedgerCommands(program: Command): void {
  const ledger = program.command('ledger').description('the books: double entry, every book comes to 0');
  ledger
    .command('trial-balance')
    .description('every account at an instant; exits with 1 when a book does not come to 0')
    .option('--at <instant>', 'what had been entered by then, such as 2026-11-24T18:00:00+08:00', parseInstant)
    .option('--book <county>', 'one county’s book')
    .option('--json', 'print as JSON')
    .action(trialBalance);
}
