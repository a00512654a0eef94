/** Puts the search together: over an index where one is configured, which is kept as the store is, else over the registry. */
import type { Config } from './config/options.js';
import type { Core } from './core.js';
import { type Search, searchRegistry } from './search/search.js';

export interface SearchServer extends Search {
  close(): Promise<void>;
}

/**
 * A process with the embedded store keeps the index itself: nobody else can read that store. With Cassandra `m2mp sync`
 * does, once for all gateways. Nothing of the index is asked yet: it may be away.
 */
export async function openSearch(core: Core, config: Config): Promise<SearchServer> {
  const { clock, log, devices, series } = core;
  const parts = { ...devices, series };
  if (config['search-nodes'] === '') return { ...searchRegistry(parts), close: async () => {} };
  // Loaded only where it is configured: one machine starts without the client.
  const [{ connectSearch }, { searchIndex }, { startOwn }] = await Promise.all([
    import('./sync/search.js'),
    import('./sync/devices/find.js'),
    import('./sync/own.js'),
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
  const stop = startOwn({
    ...parts,
    client,
    prefix,
    log,
    bus: core.bus,
    now: clock.now,
    readings: config['search-readings'] === '' ? [] : config['search-readings'].split(','),
    sweep: config['search-sweep'] * 1_000,
    name: 'search',
  });
  return {
    ...found,
    async close() {
      await stop();
      await client.close();
    },
  };
}
