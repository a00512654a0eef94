import type { Command } from 'commander';
import type { WaitingList, WaitingOutcome } from '../api/waiting.js';
import { addApiVerb } from './arguments.js';
import { clientFor } from './client.js';
import { print, printRows } from './output.js';
import { type Column, escaped } from './table.js';

const columns: readonly Column<WaitingList['waiting'][number]>[] = [
  ['IDENT', (waiting) => waiting.ident],
  ['PROTOCOL', (waiting) => waiting.protocol],
  ['FROM', (waiting) => waiting.source],
  ['FIRST', (waiting) => waiting.first],
  ['LAST', (waiting) => waiting.last],
  ['ATTEMPTS', (waiting) => waiting.count],
];

/** Adds `m2mp waiting`: who called and is not known. */
export function addWaiting(program: Command): void {
  const verb = addApiVerb(program, 'waiting', 'who called, is not known, and waits to be admitted');

  verb
    .command('list', { isDefault: true })
    .description('list them, the last attempt first')
    .action(async (_, command: Command) => {
      const { waiting } = await clientFor(command).json<WaitingList>('GET', '/api/waiting');
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      printRows(waiting, columns, { json, none: 'nobody waits' });
    });

  verb
    .command('admit <ident>')
    .description('make it a device, so that its next attempt is accepted')
    .action(async (ident: string, _, command: Command) => {
      const { device } = await clientFor(command).json<WaitingOutcome>('POST', '/api/waiting', { ident, admit: true });
      print(`${escaped(ident)} is admitted as ${device?.id}\n`);
    });

  verb
    .command('dismiss <ident>')
    .description('forget it; it waits again when it calls again')
    .action(async (ident: string, _, command: Command) => {
      await clientFor(command).json<WaitingOutcome>('POST', '/api/waiting', { ident, admit: false });
      print(`${escaped(ident)} is dismissed\n`);
    });
}
