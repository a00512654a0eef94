import { Argument, type Command, Option } from 'commander';
import type { CommandGiven, CommandsPage } from '../api/commands.js';
import { dateFromNow, jsonOption, limitOption } from './arguments.js';
import { addConnectionOptions, CliError, clientFor, part } from './client.js';
import { EXIT } from './exit-codes.js';
import { print, printRows } from './output.js';
import { entries, gathered } from './pages.js';
import type { Column } from './table.js';

const columns: readonly Column<CommandGiven>[] = [
  ['ID', (command) => command.id],
  ['STATE', (command) => command.state],
  ['SINCE', (command) => command[command.state]],
  ['EXPIRES', (command) => command.expires],
  ['TEXT', (command) => command.text],
  ['RESPONSE', (command) => command.response],
];

interface Options {
  readonly expires?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** Adds `m2mp commands DEVICE`: what a device is told to do. */
export function addCommands(program: Command): void {
  addConnectionOptions(program.command('commands'))
    .description('commands of a device: list, send TEXT, cancel ID')
    .argument('<device>', 'its ident or UUID')
    .addArgument(new Argument('[action]', 'what to do').choices(['list', 'send', 'cancel']).default('list'))
    .argument('[what]', 'text to send, or id of the command to cancel')
    .addOption(
      new Option(
        '--expires <when>',
        'when it must not be sent any more: 90s, 10m, 1h, 7d from now, or a date',
      ).argParser((text) => dateFromNow(text, Date.now())),
    )
    .addOption(limitOption(100))
    .addOption(jsonOption())
    .action(run);
}

async function run(
  device: string,
  action: string,
  what: string | undefined,
  { expires, limit, json }: Options,
  command: Command,
): Promise<void> {
  const client = clientFor(command);
  const path = `/api/devices/${part(device)}/commands`;
  if (action === 'list') {
    const found = await gathered(entries(client, path, {}, limit, (page: CommandsPage) => page.commands));
    printRows(found, columns, { json, none: 'no commands' });
  } else if (what === undefined) {
    throw new CliError(`it is "m2mp commands DEVICE send TEXT" or "… cancel ID"`, EXIT.usage);
  } else if (action === 'send') {
    const sent = await client.json<CommandGiven>('POST', path, { text: what, ...(expires && { expires }) });
    print(`${sent.id} is queued; it leaves at once if the device is connected, else when it calls\n`);
  } else {
    const { id } = await client.json<CommandGiven>('DELETE', `${path}/${part(what)}`);
    print(`${id} is cancelled\n`);
  }
}
