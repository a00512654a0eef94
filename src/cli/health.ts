import type { Command } from 'commander';
import { addConnectionOptions, clientFor } from './client.js';
import { print } from './output.js';

/** Adds `m2mp health`: exit code 0 when readings can be stored, else 1 and why not. */
export function addHealth(program: Command): void {
  addConnectionOptions(program.command('health'))
    .description('whether the gateway can store readings (exit code 0) or not (1)')
    .action(async (_, command: Command) => {
      const client = clientFor(command, { open: true });
      const { spooling } = await client.json<{ spooling: string | null }>('GET', '/health/ready');
      print(spooling === null ? 'ready\n' : `ready; ${spooling}\n`);
    });
}
