import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Command } from 'commander';
import type { FirmwareGiven, FirmwareList } from '../api/firmware.js';
import { addApiVerb } from './arguments.js';
import { CliError, clientFor, part } from './client.js';
import { print, printRows } from './output.js';
import { type Column, escaped } from './table.js';

const columns: readonly Column<FirmwareGiven>[] = [
  ['NAME', (firmware) => firmware.name],
  ['BYTES', (firmware) => firmware.size],
  ['ID', (firmware) => firmware.id],
];

/** Adds `m2mp firmware`: files that devices fetch. */
export function addFirmware(program: Command): void {
  const verb = addApiVerb(program, 'firmware', 'files that devices fetch');

  verb
    .command('list', { isDefault: true })
    .description('list them in the order of names')
    .action(async (_, command: Command) => {
      const { firmware } = await clientFor(command).json<FirmwareList>('GET', '/api/firmware');
      const { json } = command.optsWithGlobals<{ json?: boolean }>();
      printRows(firmware, columns, { json, none: 'no firmware' });
    });

  verb
    .command('add <name> <file>')
    .description('store a file under a name, in place of what had it')
    .action(async (name: string, file: string, _, command: Command) => {
      const response = await clientFor(command).raw('PUT', pathOf(name), {
        headers: { 'content-type': 'application/octet-stream', 'content-length': String(await sizeOf(file)) },
        body: Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>,
        duplex: 'half',
      });
      // The API's own answer, whose shape its schema states.
      const { size, id } = (await response.json()) as FirmwareGiven;
      print(`${escaped(name)} is stored: ${size} bytes, ${id}\n`);
    });

  verb
    .command('remove <name>')
    .description('remove one')
    .action(async (name: string, _, command: Command) => {
      await clientFor(command).json('DELETE', pathOf(name));
      print(`${escaped(name)} is removed\n`);
    });
}

const pathOf = (name: string) => `/api/firmware/${part(name)}`;

async function sizeOf(file: string): Promise<number> {
  try {
    const facts = await stat(file);
    if (facts.isFile()) return facts.size;
  } catch (error) {
    throw new CliError(`the file cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  throw new CliError(`${file}: not a file, name the file with the firmware`);
}
