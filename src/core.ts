/** What a gateway, an API and a storage worker work with alike, over one store and one bus. */
import { hostname } from 'node:os';
import type { Bus } from './bus/bus.js';
import type { Config } from './config/options.js';
import { ttlByType } from './config/ttl.js';
import { type DeviceParts, openDevices } from './devices/open.js';
import type { Turns } from './devices/turns.js';
import { openFiles } from './files/files.js';
import type { Clock } from './gateway/clock.js';
import { createLive, type Live } from './gateway/live.js';
import { createDurability, type Durability, throughBarrier } from './ingest/durability.js';
import { createSpooledDurability } from './ingest/spooled.js';
import type { Logger } from './observe/log.js';
import { createMetrics, type Metrics } from './observe/metrics.js';
import { measureSpool } from './open-spool.js';
import { openRegistry, type Registry } from './registry/registry.js';
import { openSeries, type Series } from './series/series.js';
import type { Spool } from './spool/spool.js';
import { withPatience } from './store/patience.js';
import type { Store } from './store/store.js';

export interface Core {
  readonly raw: Store;
  readonly durability: Durability;
  readonly registry: Registry;
  readonly series: Series;
  readonly devices: DeviceParts;
  readonly bus: Bus;
  readonly live: Live;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  /** Of this machine, kept in events. */
  readonly host: string;
  /** On the bus: `receivers/<name>`. */
  readonly address: string;
}

export interface CoreOptions {
  readonly raw: Store;
  /** Where readings wait that the store does not take; none: they wait in memory only. */
  readonly spool?: Spool | null;
  readonly bus: Bus;
  readonly log: Logger;
  readonly clock: Clock;
  /** Of this part on the bus, unlike that of any other. */
  readonly name: string;
  /** Where changes of devices take turns with those of other threads or processes; none: there are no others. */
  readonly turns: Turns;
  /** Milliseconds that reads wait for a store that is away; 0: whoever asks is told at once. */
  readonly patience: number;
  /** Called when sockets may be read again. */
  readonly onRoom: () => void;
  /** Called when nothing can be stored, and with null when that is over. */
  readonly onTrouble: (why: string | null) => void;
  /** Called when the store failed: nothing may be answered after it, so the process must end at once. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Milliseconds that what devices wait for waits for a store that is away, at the least: a short absence of it takes no
 * connection away.
 */
export const DEVICE_PATIENCE = 12_000;
/** Milliseconds after which a write that found no room is tried again, and a read that found the store away. */
const RETRY_FULL_AFTER = 1_000;
const RETRY_AWAY_AFTER = 500;

/** Commits of readings under way at once in a cluster: it works on one while another is made or answered. */
const CASSANDRA_COMMITS = 4;

export function openCore(config: Config, options: CoreOptions): Core {
  const { raw, spool, bus, log, clock, name } = options;
  const metrics = createMetrics();
  const limits = {
    store: raw,
    maxQueuedWrites: config['queue-writes'],
    maxQueuedBytes: config['queue-bytes'],
    maxBatchWrites: config['batch-writes'],
    maxCommits: config.store === 'cassandra' ? CASSANDRA_COMMITS : 1,
    retryAfter: RETRY_FULL_AFTER,
    onRoom: options.onRoom,
    onTrouble(why: string | null) {
      if (why) log.error({ why }, 'nothing can be stored');
      else log.info('the store takes writes again');
      options.onTrouble(why);
    },
    onFailure(error: Error) {
      log.fatal({ error: error.message, cause: String(error.cause ?? '') }, 'the store failed: the process ends');
      options.onFailure(error);
    },
    onCommit: (writes: number, ms: number) => metrics.committed(writes, ms / 1_000),
  };
  const durability = spool
    ? createSpooledDurability({
        ...limits,
        spool,
        durable: config.durable,
        onSpooling: (why) => (why ? log.warn({ why }, 'readings wait in the spool') : log.info('the spool is drained')),
      })
    : createDurability(limits);
  if (spool) measureSpool(spool, metrics, clock.now);
  const { patience } = options;
  const patientStore = patience > 0 ? withPatience(raw, { patience, retryAfter: RETRY_AWAY_AFTER }) : raw;
  const store = throughBarrier(patientStore, durability);
  const registry = openRegistry(store);
  const series = openSeries(store, {
    period: config.period,
    ttl: ttlByType(config.ttl),
    now: clock.now,
    random: Math.random,
  });
  const devices = openDevices({
    registry,
    files: openFiles(registry, store),
    turns: options.turns,
    now: clock.now,
    policy: config.provisioning,
    provisionLimit: config['provision-limit'],
    waitingLimit: config['waiting-limit'],
  });
  const address = `receivers/${name}`;
  metrics.gauge('m2mp_ingest_queued_writes', () => durability.queuedWrites);
  metrics.gauge('m2mp_ingest_queued_bytes', () => durability.queuedBytes);
  metrics.gauge('m2mp_ingest_full', () => (durability.full ? 1 : 0));
  metrics.gauge('m2mp_store_trouble', () => (durability.trouble ? 1 : 0));
  metrics.gauge('m2mp_bus_dropped_messages', () => bus.counts.malformed);
  metrics.gauge('m2mp_bus_lost_messages', () => bus.counts.dropped);
  metrics.gauge('m2mp_bus_resent_messages', () => bus.counts.resent);
  return {
    raw,
    durability,
    registry,
    series,
    devices,
    bus,
    live: createLive(bus, address),
    metrics,
    log,
    clock,
    host: hostname(),
    address,
  };
}
