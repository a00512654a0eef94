import { Argument, type Command } from 'commander';
import type { SettingGiven, SettingsList } from '../api/settings.js';
import { jsonOption } from './arguments.js';
import { addConnectionOptions, CliError, clientFor, part } from './client.js';
import { EXIT } from './exit-codes.js';
import { print, printRows } from './output.js';
import { type Column, escaped } from './table.js';

const columns: readonly Column<SettingGiven>[] = [
  ['NAME', (setting) => setting.name],
  ['VALUE', (setting) => setting.value],
  ['STATE', stateOf],
];

/** Adds `m2mp settings DEVICE`: what a device is configured to be. */
export function addSettings(program: Command): void {
  addConnectionOptions(program.command('settings'))
    .description('settings of a device: list, set NAME VALUE, remove NAME')
    .argument('<device>', 'its ident or UUID')
    .addArgument(new Argument('[action]', 'what to do').choices(['list', 'set', 'remove']).default('list'))
    .argument('[name]', 'name of the setting')
    .argument('[value]', 'value to set')
    .addOption(jsonOption())
    .action(run);
}

async function run(
  device: string,
  action: string,
  name: string | undefined,
  value: string | undefined,
  { json }: { json?: boolean },
  command: Command,
): Promise<void> {
  const client = clientFor(command);
  const path = `/api/devices/${part(device)}/settings`;
  if (action === 'list') {
    const { settings } = await client.json<SettingsList>('GET', path);
    printRows(settings, columns, { json, none: 'no settings' });
  } else if (name === undefined || (action === 'set') !== (value !== undefined)) {
    throw new CliError(`it is "m2mp settings DEVICE set NAME VALUE" or "… remove NAME"`, EXIT.usage);
  } else if (action === 'set') {
    await client.json('PUT', `${path}/${part(name)}`, { value });
    print(`${escaped(name)} is set; it leaves at once if the device is connected, else when it calls\n`);
  } else {
    await client.json('DELETE', `${path}/${part(name)}`);
    print(`${escaped(name)} is removed\n`);
  }
}

function stateOf({ pending, acknowledged }: SettingGiven): string {
  if (pending !== null) return 'waits for the device';
  return acknowledged === null ? 'reported' : `acknowledged ${acknowledged}`;
}
