import { Command } from 'commander';
import { addClearCommand } from './clear-command.ts';
import { addOpenapiCommand } from './openapi-command.ts';
import { addPolicyCommands } from './policy-commands.ts';

const program = new Command('tongjie').description('Settles medical bills that cross a county line');
addPolicyCommands(program);
addClearCommand(program);
addOpenapiCommand(program);
await program.parseAsync();
