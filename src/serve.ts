/** Puts the parts of one process together, as its roles say: store, bus, gateway, API, storage; and takes them apart again. */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Protocol } from '../protocols/protocol.js';
import { openBus } from './bus/open.js';
import type { Config } from './config/options.js';
import { parseRoles } from './config/roles.js';
import { DEVICE_PATIENCE, openCore } from './core.js';
import { createTurns } from './devices/turns.js';
import { type Clock, systemClock } from './gateway/clock.js';
import type { Gateway, Listening } from './gateway/gateway.js';
import { createOwner } from './machine/owner.js';
import { partsOf } from './machine/parts.js';
import type { Logger } from './observe/log.js';
import { metricsText } from './observe/metrics.js';
import { checkSpools, openConfiguredSpool } from './open-spool.js';
import { serveApi } from './serve-api.js';
import { serveDevices } from './serve-devices.js';
import type { Spool } from './spool/spool.js';
import { startStorage } from './storage/worker.js';
import { openStore } from './store/open.js';
import type { Store } from './store/store.js';
import { storeOptions } from './store-options.js';
import { keepUp } from './store-upkeep.js';

/** A gateway that runs. */
export interface Running {
  readonly devices: readonly Listening[];
  /** Where the API listens, and the file with the admin token; null: off. */
  readonly http: { readonly host: string; readonly port: number; readonly tokenFile: string } | null;
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
  /** What runs a part in a thread or process of its own (`machine/part.js`); without it all is done in this thread. */
  readonly partProgram?: URL;
}

interface Stoppable {
  stop(): Promise<void>;
}

/** Starts what the roles name; rejects with a message for the operator when a port or the data cannot be had. */
export async function serve(config: Config, protocols: readonly Protocol[], options: ServeOptions): Promise<Running> {
  const { log, clock = systemClock } = options;
  await mkdir(config.data, { recursive: true });
  const roles = parseRoles(config.roles);
  let largePartitions = 0;
  const raw =
    options.store ??
    (await openStore(
      storeOptions(config, (id, period) => {
        largePartitions++;
        log.warn({ id, period }, 'a partition nears 100 MB: set "period: day", which holds for new readings');
      }),
    ));
  let spool: Spool | null = null;
  const closeStore = async () => {
    await spool?.close();
    if (!options.store) await raw.close();
  };
  try {
    if (roles.has('gateway')) await checkSpools(config);
    if (roles.has('gateway') && config.workers === 1) spool = await openConfiguredSpool(config, 1, log, clock.now);
  } catch (error) {
    await closeStore();
    throw error;
  }
  // In a container host and number may be those of the one before, whose lease may still hold.
  const name = options.name ?? `m2mp_${hostname()}_${process.pid}_${clock.now().toString(36)}`;
  const bus = await openBus({
    bus: config.bus,
    nsqd: config.nsqd,
    nsqlookupd: config.nsqlookupd,
    name,
    now: clock.now,
    random: Math.random,
    onTrouble: (why, message) => log.warn({ message }, why),
  });
  const running: Stoppable[] = [];
  const turns = createTurns();
  let gateway: Gateway | null = null;
  const core = openCore(config, {
    raw,
    spool,
    bus,
    log,
    clock,
    name,
    turns,
    patience: roles.has('gateway') ? DEVICE_PATIENCE : 0,
    onRoom: () => gateway?.resume(),
    onTrouble: (why) => owner.trouble(why),
    onFailure: options.onFailure,
  });
  const { durability, metrics } = core;
  const quit = options.onQuit ?? (() => {});
  const owner = createOwner({
    raw,
    durability,
    bus,
    turns,
    metrics: () => metrics.registry.getMetricsAsJSON(),
    onTrouble: (why) => log.warn(why),
    quit,
  });
  metrics.gauge('m2mp_store_large_partitions', () => largePartitions);
  const endUpkeep = keepUp(raw, core);

  async function stop(): Promise<void> {
    await endUpkeep();
    for (const one of running) await one.stop();
    owner.close();
    await bus.close();
    // What a store that is away did not take was not acknowledged: its devices send it again.
    await Promise.race([durability.drain(), after(config['drain-timeout'] * 1_000)]);
    await closeStore();
  }

  /** Devices are served before anything else is, and no longer than anything else. */
  async function start(): Promise<Omit<Running, 'stop'>> {
    const parts = partsOf({ owner, config, name, log, program: options.partProgram });
    let devices: readonly Listening[] = [];
    if (roles.has('gateway') && config.workers > 1) {
      const workers = await parts.startWorkers();
      running.push(workers);
      devices = workers.listening;
    } else if (roles.has('gateway')) {
      const served = await serveDevices(core, config, protocols, quit);
      gateway = served;
      running.push({ stop: () => served.drain() });
      devices = served.listening;
    }
    if (roles.has('storage'))
      startStorage({ bus, series: core.series, durability, address: core.address, now: clock.now });
    if (!roles.has('api')) return { devices, http: null };
    if (options.partProgram && roles.size > 1) {
      const api = await parts.startApi();
      running.push(api);
      return { devices, http: api.http };
    }
    const api = await serveApi(core, config, {
      metricsText: async () => metricsText(await owner.metrics()),
      spooling: owner.spooling,
    });
    if (!api) return { devices, http: null };
    running.push({ stop: () => api.close() });
    return { devices, http: { host: api.host, port: api.port, tokenFile: api.tokenFile } };
  }

  try {
    return { ...(await start()), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
