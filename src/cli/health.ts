import type { Command } from 'commander';
import { addConnectionOptions, clientFor } from './client.js';
import { print } from './output.js';

/** Adds `m2mp health`: exit code 0 when readings can be stored, else 1 and why not. */
export function addHealth(program: Command): void {
  addConnectionOptions(program.command('health'))
    .description('whether the gateway can store readings (exit code 0) or not (1)')
    .action(async (_, command: Command) => {
      await clientFor(command, { open: true }).json('GET', '/health/ready');
      print('ready\n');
    });
}
