import { Argument, type Command, InvalidArgumentError } from 'commander';
import { createLog } from '../observe/log.js';
import { jsonLine } from '../queries/json.js';
import { keepOwn, openOwn } from '../serve-sync.js';
import { DEFAULT_SYNC_FILE, loadSyncConfig, type SyncConfig, SyncConfigError } from '../sync/config.js';
import { type OwnStatus, type PairStatus, pidFile, startDaemon, statusOf, stopDaemon } from '../sync/control.js';
import { openSync, rebuildOne } from '../sync/daemon.js';
import { notify } from '../sync/notify.js';
import { rebuildOwnDevices, rebuildOwnReadings } from '../sync/own.js';
import { holdPidFile } from '../sync/pid-file.js';
import { CliError } from './client.js';
import { EXIT } from './exit-codes.js';
import { print, printRows } from './output.js';

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
    .action(async ({ config, once = false }: { config: string; once?: boolean }) => run(load(config), once));
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
    .action(async (what: string, options: RebuildFlags) => rebuild(load(options.config), what, options));
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

async function run(config: SyncConfig, once: boolean): Promise<void> {
  const end = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end.abort());
  const log = createLog({ level: 'info', format: 'auto' });
  const giveBack = await holdPidFile(pidFile(config));
  const stopOwn = config.own && !once ? keepOwn(config, config.own, log) : null;
  const sync = openSync(config, { log, now: Date.now });
  const tell = (...states: string[]) => notify(...states).catch((error: Error) => log.warn(error.message));
  try {
    if (once) {
      const errors = await sync.once();
      if (errors.size > 0)
        throw new CliError([...errors].map(([name, { message }]) => `${name}: ${message}`).join('\n'));
      return;
    }
    log.info({ pairs: config.pairs.map(({ name }) => name), state: config.state }, 'm2mp sync is ready');
    await tell('READY=1');
    await sync.untilEnd(end.signal);
    await tell('STOPPING=1');
  } finally {
    await stopOwn?.();
    await sync.close();
    await giveBack();
  }
}

interface RebuildFlags {
  readonly config: string;
  readonly from?: string;
  readonly to?: string;
  readonly type?: readonly string[];
}

async function rebuild(config: SyncConfig, what: string, { from, to, type }: RebuildFlags): Promise<void> {
  const { own } = config;
  const pair = config.pairs.find(({ name }) => name === what);
  if (pair)
    return print(
      `${await rebuildOne(config, pair, createLog({ level: 'info', format: 'auto' }), Date.now)} documents\n`,
    );
  if (what !== 'devices' && what !== 'readings') {
    const names = ['devices', 'readings', ...config.pairs.map(({ name }) => name)];
    throw new CliError(`there is no ${what}, it takes ${names.join(', ')}`, EXIT.usage);
  }
  if (!own) throw new CliError('the configuration has no entry "own"', EXIT.usage);
  const server = await openOwn(config, own, createLog({ level: 'info', format: 'auto' }));
  try {
    const now = new Date().toISOString().slice(0, 7);
    const count =
      what === 'devices'
        ? await rebuildOwnDevices(server)
        : await rebuildOwnReadings(server, type ?? own.readings, from ?? now, to ?? now);
    print(`${count} ${what}\n`);
  } finally {
    await server.close();
  }
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
