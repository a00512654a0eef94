/** Puts a gateway together, over its core: the ports that devices connect to. */
import { readFileSync } from 'node:fs';
import type { Protocol } from '../protocols/protocol.js';
import { clockOffsets } from './config/clock-offsets.js';
import { AUTO, type Config, OFF } from './config/options.js';
import type { Core } from './core.js';
import { Connections } from './gateway/connections.js';
import { type Gateway, startGateway } from './gateway/gateway.js';
import { collectWhenQuiet } from './observe/quiet-collection.js';
import { version } from './version.js';

/** Open files kept back for the store, logs and the API when the limit of connections is derived. */
const FILES_KEPT_BACK = 200;

/** Starts to serve devices; rejects with a message for the operator when a port cannot be had. `quit` ends it all. */
export async function serveDevices(
  core: Core,
  config: Config,
  protocols: readonly Protocol[],
  quit: () => void,
): Promise<Gateway> {
  const { metrics } = core;
  const connections = new Connections();
  metrics.gauge(
    'm2mp_connections_paused',
    () => [...connections.all()].filter((connection) => connection.paused).length,
  );
  const listeners = [
    ...protocols.map((protocol) => ({ name: protocol.name, protocols: [protocol] })),
    { name: AUTO, protocols },
  ];
  const ports = listeners
    .map((listener) => ({ ...listener, host: config.host, port: config.ports.get(listener.name) ?? OFF }))
    .filter(({ port }) => port !== OFF);
  const gateway = await startGateway(
    {
      ...core.devices,
      series: core.series,
      durability: core.durability,
      bus: core.bus,
      live: core.live,
      connections,
      metrics,
      log: core.log,
      clock: core.clock,
      host: core.host,
      address: core.address,
      version,
      debug: config.debug,
      clockOffsets: clockOffsets(config['clock-offset']),
      quit,
      limits: {
        identifyTimeout: config['identify-timeout'] * 1_000,
        askAliveAfter: config['ask-alive-after'] * 1_000,
        silenceTimeout: config['silence-timeout'] * 1_000,
        drainTimeout: config['drain-timeout'] * 1_000,
        unacknowledgedBytes: config['unacknowledged-bytes'],
        unsentBytes: config['unsent-bytes'],
        maxConnections: config['max-connections'] || openFilesAllowed() - FILES_KEPT_BACK,
        maxConnectionsPerAddress: config['max-connections-per-address'],
      },
    },
    ports,
  );
  const stopCollecting = collectWhenQuiet(() =>
    protocols.reduce((sum, { name }) => sum + metrics.counts(name).bytesIn, 0),
  );
  return {
    ...gateway,
    drain() {
      stopCollecting();
      return gateway.drain();
    },
  };
}

/** Files this process may open, as far as the system tells. */
function openFilesAllowed(): number {
  try {
    const match = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    return Number(match?.[1] ?? 10_000);
  } catch {
    return 10_000;
  }
}
