/** Opens the spool that the configuration asks for, and tells of it. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from './config/load.js';
import type { Config } from './config/options.js';
import type { Logger } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import { readSpoolStatus } from './spool/directory.js';
import { openSpool, type Spool } from './spool/spool.js';

/** Where readings wait for the store: those of the first worker, or of the one process that serves devices. */
const FIRST = 'spool';
/** Those of the others: `spool-2`, … */
const FURTHER = /^spool-(\d+)$/;

/** The directories in which readings wait for the store, by the number of the worker that put them there. */
export async function spoolDirectories(
  data: string,
): Promise<{ readonly worker: number; readonly directory: string }[]> {
  const names = await readdir(data).catch(() => []);
  const further = names.flatMap((name) => FURTHER.exec(name)?.[1] ?? []).map(Number);
  return [1, ...further.sort((a, b) => a - b)].map((worker) => ({ worker, directory: directoryOf(data, worker) }));
}

function directoryOf(data: string, worker: number): string {
  return join(data, worker === 1 ? FIRST : `spool-${worker}`);
}

/**
 * Checks that no reading waits that nobody would give to the store. Rejects with `ConfigError`, for the operator, where
 * the options do not go together with each other or with what waits.
 */
export async function checkSpools(config: Pick<Config, 'data' | 'store' | 'durable' | 'workers'>): Promise<void> {
  const embedded = config.store === 'lmdb';
  if (embedded && config.durable === 'spool')
    throw new ConfigError('durable: spool is for store: cassandra; lmdb is on the local disk already, take store');
  for (const { worker, directory } of await spoolDirectories(config.data)) {
    if (!embedded && worker <= config.workers) continue;
    const { readings } = await readSpoolStatus(directory);
    if (readings === 0) continue;
    const holds = `${directory} holds ${readings} readings`;
    throw new ConfigError(
      embedded
        ? `${holds} for another store, which were acknowledged: start with that store once, or take another data directory`
        : `${holds} of worker ${worker}, which were acknowledged: start with workers: ${worker} once`,
    );
  }
}

/**
 * The spool of a worker, or null where the store is on the local disk itself. Rejects with `StoreNotOpened` where another
 * process has it.
 */
export async function openConfiguredSpool(
  config: Config,
  worker: number,
  log: Logger,
  now: () => number,
): Promise<Spool | null> {
  if (config.store === 'lmdb') return null;
  const spool = await openSpool({
    directory: directoryOf(config.data, worker),
    maxBytes: config['spool-bytes'],
    now,
    onTorn: (segment, bytes) => log.warn({ segment, bytes }, 'the spool has an end that is no whole record: left out'),
  });
  if (spool.depth.readings > 0) log.info(spool.depth, 'readings of an earlier run wait in the spool');
  return spool;
}

/** Shows the spool in the metrics. */
export function measureSpool(spool: Spool, metrics: Metrics, now: () => number): void {
  metrics.gauge('m2mp_spool_readings', () => spool.depth.readings);
  metrics.gauge('m2mp_spool_bytes', () => spool.depth.bytes);
  metrics.gauge('m2mp_spool_segments', () => spool.depth.segments);
  metrics.gauge('m2mp_spool_age_seconds', () => {
    const { oldest } = spool.depth;
    return oldest === null ? 0 : Math.max(0, now() - oldest) / 1_000;
  });
}
