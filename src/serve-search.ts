/** Puts the search together: over an index where one is configured, which is kept as the store is, else over the registry. */
import type { Config } from './config/options.js';
import type { Core } from './core.js';
import { type Search, searchRegistry } from './search/search.js';

export interface SearchServer extends Search {
  close(): Promise<void>;
}

/** Milliseconds between two writings of what changed. */
const FLUSH_EVERY = 1_000;
/** Milliseconds that a request to the index may still take when all ends. */
const CLOSE_WITHIN = 2_000;

/**
 * A process with the embedded store keeps the index itself: nobody else can read that store. With Cassandra `m2mp sync`
 * does, once for all gateways. Nothing of the index is asked yet: it may be away.
 */
export async function openSearch(core: Core, config: Config): Promise<SearchServer> {
  const { clock, log, devices, series } = core;
  const parts = { ...devices, series };
  if (config['search-nodes'] === '') return { ...searchRegistry(parts), close: async () => {} };
  // Loaded only where it is configured: one machine starts without the client.
  const [{ connectSearch }, { searchIndex }, { createDeviceIndexer }, { every }] = await Promise.all([
    import('./sync/search.js'),
    import('./sync/devices/find.js'),
    import('./sync/devices/indexer.js'),
    import('./sync/every.js'),
  ]);
  const client = connectSearch({
    nodes: config['search-nodes'].split(','),
    username: config['search-username'],
    password: config['search-password'],
    ca: config['search-ca'],
  });
  const prefix = config['search-prefix'];
  const found = searchIndex({ client, prefix, devices: devices.devices });
  if (config.store !== 'lmdb') return { ...found, close: () => client.close() };
  const indexer = createDeviceIndexer({
    ...parts,
    client,
    prefix,
    bus: core.bus,
    now: clock.now,
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onRefused: (device, why) => log.warn({ device, why }, 'the index refuses a device'),
    name: 'search',
  });
  const stop = every(
    [
      { ms: FLUSH_EVERY, task: indexer.flush },
      { ms: config['search-sweep'] * 1_000, task: indexer.sweep },
    ],
    (why) => log.warn({ why }, 'the index of devices is behind'),
  );
  return {
    ...found,
    async close() {
      indexer.close();
      await Promise.race([stop(), new Promise((resolve) => setTimeout(resolve, CLOSE_WITHIN).unref())]);
      await client.close();
    },
  };
}
