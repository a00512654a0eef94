/** What `m2mp sync` does by itself, in a file of its own as it loads much that the other verbs do without. */
import { createLog } from '../observe/log.js';
import { keepOwn, openOwn } from '../serve-sync.js';
import type { SyncConfig } from '../sync/config.js';
import { pidFile } from '../sync/control.js';
import { openSync, rebuildOne } from '../sync/daemon.js';
import { notify } from '../sync/notify.js';
import { rebuildOwnDevices, rebuildOwnReadings } from '../sync/own.js';
import { holdPidFile } from '../sync/pid-file.js';
import { CliError } from './client.js';
import { EXIT } from './exit-codes.js';

/** Keeps everything in step until a signal comes, or `once`. */
export async function runSync(config: SyncConfig, once: boolean): Promise<void> {
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

export interface RebuildFlags {
  readonly from?: string;
  readonly to?: string;
  readonly type?: readonly string[];
}

/** Fills what is named anew; gives what to print. */
export async function rebuild(config: SyncConfig, what: string, { from, to, type }: RebuildFlags): Promise<string> {
  const { own } = config;
  const pair = config.pairs.find(({ name }) => name === what);
  if (pair)
    return `${await rebuildOne(config, pair, createLog({ level: 'info', format: 'auto' }), Date.now)} documents\n`;
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
    return `${count} ${what}\n`;
  } finally {
    await server.close();
  }
}
