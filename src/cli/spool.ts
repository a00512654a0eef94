import type { Command } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { ConfigError, loadConfig } from '../config/load.js';
import { optionsFor } from '../config/options.js';
import { spoolDirectories } from '../open-spool.js';
import { readSpoolStatus, type SpoolStatus } from '../spool/directory.js';
import { jsonOption } from './arguments.js';
import { CliError } from './client.js';
import { addConfigOptions, configSources } from './configuration.js';
import { EXIT } from './exit-codes.js';
import { printRows } from './output.js';
import type { Column } from './table.js';

const columns: readonly Column<SpoolStatus & { readonly worker: number }>[] = [
  ['WORKER', ({ worker }) => worker],
  ['READINGS', ({ readings }) => readings],
  ['BYTES', ({ bytes }) => bytes],
  ['SEGMENTS', ({ segments }) => segments],
  ['OLDEST', ({ oldest }) => (oldest === null ? null : new Date(oldest).toISOString())],
  ['AGE', ({ oldest }) => (oldest === null ? null : `${Math.max(0, Math.round((Date.now() - oldest) / 1_000))} s`)],
];

/** Adds `m2mp spool status`: what waits on this disk for the store, whether a gateway runs or not. */
export function addSpool(program: Command, protocols: readonly Protocol[]): void {
  const options = optionsFor(protocols).filter(({ key }) => key === 'data');
  const verb = program.command('spool').description('what waits on the local disk for the store: status');
  const status = verb
    .command('status')
    .description('how many readings wait in the data directory, and since when; right to a second while a gateway runs')
    .addOption(jsonOption())
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const spools = await spoolDirectories(dataDirectory(command));
      const found = spools.map(async ({ worker, directory }) => ({ worker, ...(await readSpoolStatus(directory)) }));
      printRows(await Promise.all(found), columns, { json, none: '' });
    });
  addConfigOptions(status, options);

  function dataDirectory(command: Command): string {
    try {
      return loadConfig(protocols, configSources(command, options)).data;
    } catch (error) {
      if (error instanceof ConfigError) throw new CliError(error.message, EXIT.usage);
      throw error;
    }
  }
}
