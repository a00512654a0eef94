import type { Command } from 'commander';
import { createLog } from '../observe/log.js';
import { jsonLine } from '../queries/json.js';
import { DEFAULT_SYNC_FILE, loadSyncConfig, type SyncConfig, SyncConfigError } from '../sync/config.js';
import { type PairStatus, pidFile, startDaemon, statusOf, stopDaemon } from '../sync/control.js';
import { openSync } from '../sync/daemon.js';
import { notify } from '../sync/notify.js';
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
    await sync.close();
    await giveBack();
  }
}

async function status(config: SyncConfig, json = false): Promise<void> {
  const found = await statusOf(config, Date.now());
  if (json) print(`${jsonLine(found)}\n`);
  else {
    print(found.process === null ? 'it does not run\n' : `it runs as process ${found.process}\n`);
    printRows(found.pairs, columns, { json: false, none: 'no pairs' });
    for (const { name, lastRefused } of found.pairs)
      for (const { id, to, why } of lastRefused) print(`${name}: refused ${jsonLine({ id, to, why })}\n`);
  }
  if (found.process === null) process.exitCode = EXIT.failed;
}

const columns = [
  ['PAIR', ({ name }: PairStatus) => name],
  ['LAG S', ({ lag }: PairStatus) => (lag === null ? null : Math.round(lag / 1_000))],
  ['RUNS', ({ runs }: PairStatus) => runs],
  ['ROWS WRITTEN', ({ work }: PairStatus) => work['rowsWritten'] ?? 0],
  ['DOCUMENTS WRITTEN', ({ work }: PairStatus) => work['documentsWritten'] ?? 0],
  ['REFUSED', ({ refused }: PairStatus) => refused],
  ['LAST ERROR', ({ error }: PairStatus) => error && `${new Date(error.at).toISOString()} ${error.why}`],
] as const;
