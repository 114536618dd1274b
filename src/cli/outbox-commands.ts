import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { DeadLetter, DeadLetterDecision, OutboxStore } from '../app/outbox/ports.ts';
import { readEnvironment } from '../config/environment.ts';
import { openDatabase } from '../db/open-database.ts';
import { AppError } from '../platform/errors.ts';
import { shanghaiInstant } from '../platform/instant.ts';
import { renderTable, type Column } from './terminal-table.ts';

const PAGE = 500;

async function withOutbox<T>(work: (outbox: OutboxStore) => Promise<T>): Promise<T> {
  const { databaseUrl, dataDir } = readEnvironment();
  const database = await openDatabase({ url: databaseUrl, dataDir });
  try {
    return await work(database.outboxStore);
  } finally {
    await database.close();
  }
}

function columns(left: readonly string[], right: readonly string[]): Column[] {
  return [
    ...left.map((title) => ({ title, align: 'left' as const })),
    ...right.map((title) => ({ title, align: 'right' as const })),
  ];
}

function print(json: boolean | undefined, content: object, lines: () => readonly string[]): void {
  console.log(json === true ? JSON.stringify(content, undefined, 2) : lines().join('\n'));
}

async function status({ json }: { json?: true }): Promise<void> {
  const backlogs = await withOutbox((outbox) => outbox.backlogs());
  print(json, { backlogs }, () => {
    if (backlogs.length === 0) return ['nothing waits: every message is delivered'];
    const rows = backlogs.map(({ partnerRegion, waiting, failed, dead, oldestAtMs }) => {
      return [partnerRegion, shanghaiInstant(oldestAtMs), String(waiting), String(failed), String(dead)];
    });
    return renderTable(columns(['county', 'oldest'], ['waiting', 'failed', 'dead']), rows);
  });
}

/** All dead letters of a county, or of every county. */
async function allDead(outbox: OutboxStore, region: string | undefined): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for (;;) {
    const page = await outbox.deadLetters(region, found.at(-1)?.messageId ?? '', PAGE);
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

async function dead({ region, json }: { region?: string; json?: true }): Promise<void> {
  const letters = await withOutbox((outbox) => allDead(outbox, region));
  print(json, { deadLetters: letters }, () => {
    if (letters.length === 0) return ['no message was given up'];
    const rows = letters.map(({ messageId, partnerRegion, topic, deadSinceMs, reason, attempts, holdsBack }) => {
      const about = [messageId, partnerRegion, topic, shanghaiInstant(deadSinceMs), reason];
      return [...about, String(attempts), String(holdsBack)];
    });
    return renderTable(columns(['message', 'county', 'topic', 'since', 'reason'], ['attempts', 'holds back']), rows);
  });
}

interface DecideOptions {
  readonly reason: string;
  readonly all?: true;
  readonly region?: string;
}

async function decide(
  action: DeadLetterDecision['action'],
  messageId: string | undefined,
  { reason, all, region }: DecideOptions,
): Promise<void> {
  if ((messageId === undefined) === (all === undefined)) {
    throw new AppError('BAD_USAGE', 'name one message, or --all', { status: 400, help: 'see tongjie outbox dead' });
  }
  const about = { region, action, by: `command ${userInfo().username}`, reason, atMs: Date.now() };
  const changed = await withOutbox(async (outbox) => {
    const ids =
      messageId === undefined ? (await allDead(outbox, region)).map((letter) => letter.messageId) : [messageId];
    let count = 0;
    for (const id of ids) if (await outbox.decide({ ...about, messageId: id })) count += 1;
    return count;
  });
  if (changed === 0 && messageId !== undefined) {
    throw new AppError('NOT_FOUND', `${messageId} is not a dead letter`, {
      status: 404,
      help: 'see tongjie outbox dead',
    });
  }
  console.log(`${action}: ${String(changed)}`);
}

/** `outbox`: what home funds have not got yet, and what was given up. */
export function addOutboxCommands(program: Command): void {
  const outbox = program.command('outbox').description('messages to home funds: what waits, and what was given up');
  outbox
    .command('status', { isDefault: true })
    .description('how much waits for each county')
    .option('--json', 'print as JSON')
    .action(status);
  outbox
    .command('dead')
    .description('messages that were given up, with the reason')
    .option('--region <code>', 'of one county')
    .option('--json', 'print as JSON')
    .action(dead);
  const decisions = [
    ['resend', 'try dead letters again; what waits behind them follows'],
    ['discard', 'never send dead letters; what waits behind them goes out'],
  ] as const;
  for (const [action, description] of decisions) {
    outbox
      .command(action)
      .description(description)
      .argument('[message]', 'id of the message')
      .option('--all', 'all dead letters')
      .option('--region <code>', 'of one county')
      .requiredOption('--reason <words>', 'why; kept with the message')
      .action((messageId: string | undefined, options: DecideOptions) => decide(action, messageId, options));
  }
}
