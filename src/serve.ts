/** Puts the parts of one gateway together: store, barrier, devices, bus, gateway and API, and takes them apart again. */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Protocol } from '../protocols/protocol.js';
import { adminToken } from './accounts/tokens.js';
import { startApi } from './api/server.js';
import { openBus } from './bus/open.js';
import type { Config } from './config/options.js';
import { ttlByType } from './config/ttl.js';
import { openDevices } from './devices/open.js';
import { openFiles } from './files/files.js';
import { type Clock, systemClock } from './gateway/clock.js';
import { type GatewayParts, type Listening, startGateway } from './gateway/gateway.js';
import { createLive } from './gateway/live.js';
import { Presence } from './gateway/presence.js';
import { createDurability, throughBarrier } from './ingest/durability.js';
import type { Logger } from './observe/log.js';
import { createMetrics } from './observe/metrics.js';
import { collectWhenQuiet } from './observe/quiet-collection.js';
import { openRegistry } from './registry/registry.js';
import { openSeries } from './series/series.js';
import { startStorage } from './storage/worker.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import { storeOptions } from './store-options.js';
import { version } from './version.js';

/** A gateway that runs. */
export interface Running {
  readonly devices: readonly Listening[];
  /** Where the API listens, or null: off. */
  readonly http: { readonly host: string; readonly port: number } | null;
  readonly tokenFile: string;
  /** Drains and closes; nothing acknowledged is lost, and the store is closed when it resolves. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  readonly log: Logger;
  /** Called when the store failed: nothing may be answered after it, so the process must end at once. */
  readonly onFailure: (error: Error) => void;
  readonly clock?: Clock;
  /** A store that is open already and stays so, in place of the one the configuration names. */
  readonly store?: Store;
  /** Of this gateway on the bus, unlike that of any other. */
  readonly name?: string;
  /** Called when somebody on the bus asks this gateway to end. */
  readonly onQuit?: () => void;
}

/** Milliseconds after which a write that found no room is tried again. */
const RETRY_FULL_AFTER = 1_000;
/** How often readings whose time to live is over are removed, in ms, and how many at once. */
const EXPIRE_EVERY = 60_000;
const EXPIRE_AT_ONCE = 10_000;
/** Open files kept back for the store, logs and the API when the limit of connections is derived. */
const FILES_KEPT_BACK = 200;

/** Starts a gateway; rejects with a message for the operator when a port or the data cannot be had. */
export async function serve(config: Config, protocols: readonly Protocol[], options: ServeOptions): Promise<Running> {
  const { log, clock = systemClock } = options;
  const metrics = createMetrics();
  await mkdir(config.data, { recursive: true });
  const { token, file: tokenFile } = await adminToken(config.data);
  let largePartitions = 0;
  const raw =
    options.store ??
    (await openStore(
      storeOptions(config, (id, period) => {
        largePartitions++;
        log.warn({ id, period }, 'a partition nears 100 MB: set "period: day", which holds for new readings');
      }),
    ));
  const closeStore = async () => {
    if (!options.store) await raw.close();
  };

  const durability = createDurability({
    store: raw,
    maxQueuedWrites: config['queue-writes'],
    maxQueuedBytes: config['queue-bytes'],
    maxBatchWrites: config['batch-writes'],
    retryAfter: RETRY_FULL_AFTER,
    onRoom: () => gateway?.resume(),
    onTrouble: (why) => (why ? log.error({ why }, 'nothing can be stored') : log.info('the store takes writes again')),
    onFailure: (error) => {
      log.fatal({ error: error.message, cause: String(error.cause ?? '') }, 'the store failed: the process ends');
      options.onFailure(error);
    },
    onCommit: (writes, ms) => metrics.committed(writes, ms / 1_000),
  });
  let gateway: Awaited<ReturnType<typeof startGateway>> | null = null;

  const store = throughBarrier(raw, durability);
  const registry = openRegistry(store);
  const series = openSeries(store, {
    period: config.period,
    ttl: ttlByType(config.ttl),
    now: clock.now,
    random: Math.random,
  });
  const host = hostname();
  const name = options.name ?? `m2mp_${host}_${process.pid}`;
  const bus = await openBus({
    bus: config.bus,
    nsqd: config.nsqd,
    nsqlookupd: config.nsqlookupd,
    name,
    now: clock.now,
    random: Math.random,
    onTrouble: (why, message) => log.warn({ message }, why),
  });
  const presence = new Presence();
  const devices = openDevices({
    registry,
    files: openFiles(registry, store),
    now: clock.now,
    policy: config.provisioning,
    provisionLimit: config['provision-limit'],
    waitingLimit: config['waiting-limit'],
  });
  const address = `receivers/${name}`;
  const parts: GatewayParts = {
    ...devices,
    series,
    durability,
    bus,
    live: createLive(bus, address),
    presence,
    metrics,
    log,
    clock,
    host,
    address,
    version,
    debug: config.debug,
    quit: options.onQuit ?? (() => {}),
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
  };

  metrics.gauge('m2mp_ingest_queued_writes', () => durability.queuedWrites);
  metrics.gauge('m2mp_ingest_queued_bytes', () => durability.queuedBytes);
  metrics.gauge('m2mp_ingest_full', () => (durability.full ? 1 : 0));
  metrics.gauge('m2mp_store_trouble', () => (durability.trouble ? 1 : 0));
  metrics.gauge('m2mp_store_large_partitions', () => largePartitions);
  metrics.gauge('m2mp_bus_dropped_messages', () => bus.counts.malformed);
  metrics.gauge('m2mp_bus_lost_messages', () => bus.counts.dropped);
  metrics.gauge('m2mp_bus_resent_messages', () => bus.counts.resent);
  metrics.gauge('m2mp_connections_paused', () => [...presence.all()].filter((connection) => connection.paused).length);

  const stopCollecting = collectWhenQuiet(() =>
    protocols.reduce((sum, { name }) => sum + metrics.counts(name).bytesIn, 0),
  );
  const expiry = setInterval(() => {
    raw.removeExpired(clock.now(), EXPIRE_AT_ONCE).catch((error: unknown) => {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'expired readings not removed');
    });
  }, EXPIRE_EVERY);

  const ports = protocols
    .map((protocol) => ({ protocol, host: config.host, port: config.ports.get(protocol.name) ?? -1 }))
    .filter(({ port }) => port >= 0);
  try {
    gateway = await startGateway(parts, ports);
    startStorage({ bus, series, durability, address, now: clock.now });
    const api =
      config['http-port'] < 0
        ? null
        : await startApi({
            ...parts,
            ...devices,
            registry,
            token,
            host: config['http-host'],
            port: config['http-port'],
            drainTimeout: parts.limits.drainTimeout,
          });
    return {
      devices: gateway.listening,
      http: api && { host: api.host, port: api.port },
      tokenFile,
      async stop() {
        clearInterval(expiry);
        stopCollecting();
        await gateway?.drain();
        await api?.close();
        await bus.close();
        // What a store that is away did not take was not acknowledged: its devices send it again.
        await Promise.race([durability.drain(), after(config['drain-timeout'] * 1_000)]);
        await closeStore();
      },
    };
  } catch (error) {
    clearInterval(expiry);
    stopCollecting();
    await gateway?.drain();
    await bus.close();
    await closeStore();
    throw error;
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
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
