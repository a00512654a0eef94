import { Argument, type Command, InvalidArgumentError } from 'commander';
import { jsonLine } from '../queries/json.js';
import { DEFAULT_SYNC_FILE, loadSyncConfig, type SyncConfig, SyncConfigError } from '../sync/config.js';
import { type OwnStatus, type PairStatus, startDaemon, statusOf, stopDaemon } from '../sync/control.js';
import { CliError } from './client.js';
import { EXIT } from './exit-codes.js';
import { print, printRows } from './output.js';
import type { RebuildFlags } from './sync-run.js';

/** Adds `m2mp sync`: indices and tables kept in step. */
export function addSync(program: Command): void {
  const sync = program
    .command('sync')
    .description('keep indices of Elasticsearch or OpenSearch and tables of Cassandra in step, both ways');
  const verb = (name: string, description: string) =>
    sync
      .command(name)
      .description(description)
      .option('--config <file>', 'what is kept in step, see deploy/sync.example.yaml', DEFAULT_SYNC_FILE);

  verb('run', 'run in the foreground')
    .option('--once', 'end when everything was run once')
    .action(async ({ config, once = false }: { config: string; once?: boolean }) => {
      const { runSync } = await import('./sync-run.js');
      await runSync(load(config), once);
    });
  verb('start', 'start the daemon in the background').action(async ({ config }: { config: string }) =>
    print(`started as process ${await start(config)}\n`),
  );
  verb('stop', 'end the daemon, when it has done what it is doing').action(async ({ config }: { config: string }) => {
    const process = await stopDaemon(load(config));
    print(process === null ? 'it did not run\n' : `process ${process} ended\n`);
  });
  verb('restart', 'end the daemon, and start it').action(async ({ config }: { config: string }) => {
    await stopDaemon(load(config));
    print(`started as process ${await start(config)}\n`);
  });
  verb('rebuild', 'fill an index anew while it is asked: devices, readings, or the name of a pair')
    .addArgument(new Argument('<what>', 'devices, readings, or the name of a pair'))
    .option('--from <month>', 'first month of readings, such as 2026-11 (default: this one)', month)
    .option('--to <month>', 'last month of readings (default: this one)', month)
    .option('--type <type...>', 'types of readings (default: those of the configuration)')
    .action(async (what: string, options: RebuildFlags & { config: string }) => {
      const { rebuild } = await import('./sync-run.js');
      print(await rebuild(load(options.config), what, options));
    });
  verb('status', 'how far everything is, what it cost, and the last errors')
    .option('--json', 'as one JSON object')
    .action(async ({ config, json }: { config: string; json?: boolean }) => status(load(config), json));
}

function load(file: string): SyncConfig {
  try {
    return loadSyncConfig(file);
  } catch (error) {
    if (error instanceof SyncConfigError) throw new CliError(error.message, EXIT.usage);
    throw error;
  }
}

function start(file: string): Promise<number> {
  const program = process.argv[1] ?? '';
  return startDaemon(load(file), [process.execPath, program, 'sync', 'run', '--config', file]);
}

function month(text: string): string {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(text)) throw new InvalidArgumentError('It takes a month such as 2026-11.');
  return text;
}

async function status(config: SyncConfig, json = false): Promise<void> {
  const found = await statusOf(config, Date.now());
  if (json) print(`${jsonLine(found)}\n`);
  else {
    print(found.process === null ? 'it does not run\n' : `it runs as process ${found.process}\n`);
    if (found.pairs.length > 0 || found.own.length === 0)
      printRows(found.pairs, columns, { json: false, none: 'no pairs' });
    if (found.own.length > 0) printRows(found.own, ownColumns, { json: false, none: '' });
    for (const { name, lastRefused } of found.pairs)
      for (const { id, to, why } of lastRefused) print(`${name}: refused ${jsonLine({ id, to, why })}\n`);
    for (const { name, lastRefused } of found.own)
      for (const { id, why } of lastRefused) print(`${name}: refused ${jsonLine({ id, why })}\n`);
  }
  if (found.process === null) process.exitCode = EXIT.failed;
}

const seconds = (lag: number | null) => (lag === null ? null : Math.round(lag / 1_000));
const dated = (error: PairStatus['error']) => error && `${new Date(error.at).toISOString()} ${error.why}`;

const columns = [
  ['PAIR', ({ name }: PairStatus) => name],
  ['LAG S', ({ lag }: PairStatus) => seconds(lag)],
  ['RUNS', ({ runs }: PairStatus) => runs],
  ['ROWS WRITTEN', ({ work }: PairStatus) => work['rowsWritten'] ?? 0],
  ['DOCUMENTS WRITTEN', ({ work }: PairStatus) => work['documentsWritten'] ?? 0],
  ['REFUSED', ({ refused }: PairStatus) => refused],
  ['LAST ERROR', ({ error }: PairStatus) => dated(error)],
] as const;

const ownColumns = [
  ['OWN', ({ name }: OwnStatus) => name],
  ['LAG S', ({ lag }: OwnStatus) => seconds(lag)],
  ['INDEXED', ({ indexed }: OwnStatus) => indexed],
  ['WRITTEN', ({ written }: OwnStatus) => written],
  ['REFUSED', ({ refused }: OwnStatus) => refused],
  ['LAST ERROR', ({ error }: OwnStatus) => dated(error)],
] as const;
