import { Command } from 'commander';
import { AppError } from '../platform/errors.ts';
import { addClearCommand } from './clear-command.ts';
import { addGuideCommand } from './guide-command.ts';
import { addLifeCommands } from './life-commands.ts';
import { addJobsCommands } from './jobs-commands.ts';
import { addLedgerCommands } from './ledger-commands.ts';
import { addOpenapiCommand } from './openapi-command.ts';
import { addOutboxCommands } from './outbox-commands.ts';
import { addPersonsCommand } from './persons-command.ts';
import { addReconcileCommand } from './reconcile-command.ts';
import { addPolicyCommands } from './policy-commands.ts';

const program = new Command('tongjie').description('Settles medical bills that cross a county line');
addPolicyCommands(program);
addClearCommand(program);
addGuideCommand(program);
addLifeCommands(program);
addJobsCommands(program);
addLedgerCommands(program);
addOutboxCommands(program);
addPersonsCommand(program);
addReconcileCommand(program);
addOpenapiCommand(program);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  console.error([error.message, ...error.fields.map(({ field, problem }) => `${field} ${problem}`)].join('\n'));
  if (error.help !== undefined) console.error(error.help);
  process.exitCode = 1;
}
