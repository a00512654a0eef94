import type { Command } from 'commander';
import type { ConnectionGiven, ConnectionsPage } from '../api/connections.js';
import { addApiVerb, limitOption } from './arguments.js';
import { clientFor } from './client.js';
import { print, printRows } from './output.js';
import { entries, gathered } from './pages.js';
import type { Column } from './table.js';

const columns: readonly Column<ConnectionGiven>[] = [
  ['ID', (connection) => connection.id],
  ['PROTOCOL', (connection) => connection.protocol],
  ['FROM', (connection) => connection.source],
  ['OPENED', (connection) => connection.opened],
  ['IDENT', (connection) => connection.ident],
];

/** Adds `m2mp connections`: who is connected. */
export function addConnections(program: Command): void {
  const verb = addApiVerb(program, 'connections', 'open connections of identified devices');

  verb
    .command('list', { isDefault: true })
    .description('list them, on whichever gateway')
    .option('--device <device>', 'only those of this ident or UUID')
    .addOption(limitOption(1_000))
    .action(async (_, command: Command) => {
      const { device, limit, json } = command.optsWithGlobals<{ device?: string; limit: number; json?: boolean }>();
      const of = (page: ConnectionsPage) => page.connections;
      const found = await gathered(entries(clientFor(command), '/api/connections', { device }, limit, of));
      printRows(found, columns, { json, none: 'no connections' });
    });

  verb
    .command('close')
    .argument('<id>', 'of the connection, as it is listed')
    .description('close one; the device may call again')
    .action(async (id: string, _, command: Command) => {
      await clientFor(command).json('DELETE', `/api/connections/${encodeURIComponent(id)}`);
      print(`connection ${id} is being closed\n`);
    });
}
