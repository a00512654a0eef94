import type { Command } from 'commander';
import type { DeviceGiven, DevicesPage } from '../api/devices.js';
import type { SearchResult } from '../api/search.js';
import { jsonLine } from '../queries/json.js';
import { addApiVerb, limitOption } from './arguments.js';
import { clientFor, part } from './client.js';
import { print, printRows } from './output.js';
import { entries, gathered } from './pages.js';
import { type Column, escaped, table } from './table.js';

const columns: readonly Column<DeviceGiven>[] = [
  ['IDENT', (device) => device.ident],
  ['NAME', (device) => device.name],
  ['CONNECTIONS', (device) => device.connections],
  ['FIRST CONNECTION', (device) => device.firstConnection],
  ['ID', (device) => device.id],
];

const searchColumns: readonly Column<SearchResult['devices'][number]>[] = [
  ['IDENT', ({ device }) => device.ident],
  ['NAME', ({ device }) => device.name],
  ['LAST SEEN', ({ lastSeen }) => lastSeen],
  ['LAT', ({ place }) => place?.lat ?? null],
  ['LON', ({ place }) => place?.lon ?? null],
  ['ID', ({ device }) => device.id],
];

const pathOf = (device: string) => `/api/devices/${part(device)}`;

/** Adds `m2mp devices`: who is known. */
export function addDevices(program: Command): void {
  const verb = addApiVerb(program, 'devices', 'devices that are known');

  verb
    .command('list', { isDefault: true })
    .description('list them in the order of their idents')
    .option('--deleted', 'those marked as deleted instead')
    .addOption(limitOption(1_000))
    .action(async (_, command: Command) => {
      const { deleted, limit, json } = command.optsWithGlobals<{ deleted?: boolean; limit: number; json?: boolean }>();
      const client = clientFor(command);
      const found = await gathered(
        entries(client, '/api/devices', { deleted }, limit, (page: DevicesPage) => page.devices),
      );
      printRows(found, columns, { json, none: 'no devices' });
    });

  verb
    .command('search <query>')
    .description('those that are all of it: words, interval=60, near:LAT,LON,KM, silent:1d')
    .addOption(limitOption(100))
    .action(async (q: string, _, command: Command) => {
      const { limit, json } = command.optsWithGlobals<{ limit: number; json?: boolean }>();
      const found = await gathered(
        entries(clientFor(command), '/api/search', { q }, limit, (page: SearchResult) => page.devices),
      );
      printRows(found, searchColumns, { json, none: 'no such devices' });
    });

  verb
    .command('show <device>')
    .description('show one by its ident or UUID')
    .action(async (device: string, _, command: Command) => {
      const found = await clientFor(command).json<DeviceGiven>('GET', pathOf(device));
      if (command.optsWithGlobals<{ json?: boolean }>().json) print(`${jsonLine(found)}\n`);
      else
        print(
          table<readonly [string, string | number | null]>(
            [
              ['FIELD', ([field]) => field],
              ['VALUE', ([, value]) => value],
            ],
            Object.entries(found),
          ),
        );
    });

  verb
    .command('rename <device> <name>')
    .description('give it a name for people; an empty one takes it away')
    .action(async (device: string, name: string, _, command: Command) => {
      const changed = await clientFor(command).json<DeviceGiven>('PATCH', pathOf(device), { name: name || null });
      print(`${escaped(changed.ident)} is ${changed.name === null ? 'without a name' : escaped(changed.name)} now\n`);
    });

  verb
    .command('move <device> <domain>')
    .description('put it into another domain')
    .action(async (device: string, domain: string, _, command: Command) => {
      const changed = await clientFor(command).json<DeviceGiven>('PATCH', pathOf(device), { domain });
      print(`${escaped(changed.ident)} is in ${escaped(domain)} now\n`);
    });

  verb
    .command('delete <device>')
    .description('mark it as deleted; it keeps its readings and can be restored')
    .action(async (device: string, _, command: Command) => {
      const { ident } = await clientFor(command).json<DeviceGiven>('DELETE', pathOf(device));
      print(`${escaped(ident)} is deleted; "m2mp devices restore ${escaped(ident)}" takes it back\n`);
    });

  verb
    .command('restore <device>')
    .description('take back that it was deleted')
    .action(async (device: string, _, command: Command) => {
      const { ident } = await clientFor(command).json<DeviceGiven>('POST', `${pathOf(device)}/restore`);
      print(`${escaped(ident)} is restored\n`);
    });
}
