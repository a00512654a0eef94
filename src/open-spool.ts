/** Opens the spool that the configuration asks for, and tells of it. */
import { join } from 'node:path';
import { ConfigError } from './config/load.js';
import type { Config } from './config/options.js';
import type { Logger } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import { readSpoolStatus } from './spool/directory.js';
import { openSpool, type Spool } from './spool/spool.js';

/** Where readings wait for the store. */
export function spoolDirectory(data: string): string {
  return join(data, 'spool');
}

/**
 * The spool, or null where the store is on the local disk itself. Rejects with a message for the operator: `ConfigError`
 * where the options do not go together, `StoreNotOpened` where another process has it.
 */
export async function openConfiguredSpool(config: Config, log: Logger, now: () => number): Promise<Spool | null> {
  const directory = spoolDirectory(config.data);
  if (config.store === 'lmdb') {
    if (config.durable === 'spool')
      throw new ConfigError('durable: spool is for store: cassandra; lmdb is on the local disk already, take store');
    const { readings } = await readSpoolStatus(directory);
    if (readings > 0)
      throw new ConfigError(
        `${directory} holds ${readings} readings for another store, which were acknowledged: start with that store ` +
          'once, or take another data directory',
      );
    return null;
  }
  const spool = await openSpool({
    directory,
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
