/** The program of a thread or process that works for the owner of store and bus: it serves the API, or devices. */
import { parentPort } from 'node:worker_threads';
import { protocols } from '../../protocols/list.js';
import type { Config } from '../config/options.js';
import { type Core, DEVICE_PATIENCE, openCore } from '../core.js';
import { systemClock } from '../gateway/clock.js';
import type { Gateway } from '../gateway/gateway.js';
import type { Durability } from '../ingest/durability.js';
import { createLog, type Logger } from '../observe/log.js';
import { metricsText } from '../observe/metrics.js';
import { openConfiguredSpool } from '../open-spool.js';
import { serveApi } from '../serve-api.js';
import { serveDevices } from '../serve-devices.js';
import type { Spool } from '../spool/spool.js';
import { openReader, openStore } from '../store/open.js';
import type { Store } from '../store/store.js';
import { storeOptions } from '../store-options.js';
import type { ApiSetup, OwnerCalls, PartCalls, PartReady, PartSetup, WorkerSetup } from './calls.js';
import { createLinkedBus } from './linked-bus.js';
import { createLinkedTurns } from './linked-turns.js';
import { type Peer, peer, processPort, threadPort } from './port.js';
import { createRemoteStore } from './remote-store.js';

interface Started {
  readonly core: Core;
  readonly spool: Spool | null;
  readonly ready: PartReady;
  /** Serves no more; what was taken may not be durable yet. */
  close(): Promise<void>;
}

let log: Logger = createLog({ level: 'warn', format: 'json' });
let started: Started | null = null;
/** Why nothing can be stored, as the owner told. */
let told: string | null = null;

const bus = createLinkedBus((why, message) => log.warn({ message }, why));
const owner: Peer<OwnerCalls> = peer<OwnerCalls, PartCalls>(
  parentPort ? threadPort(parentPort) : processPort(process),
  {
    ...bus.handlers,
    async start(setup) {
      log = createLog({ level: setup.config['log-level'], format: setup.config['log-format'] });
      started = await start(setup);
      return started.ready;
    },
    trouble(why) {
      told = why;
      return null;
    },
    metrics: async () => (started ? started.core.metrics.registry.getMetricsAsJSON() : []),
    spooling: () => started?.core.durability.spooling ?? null,
    async stop() {
      if (started) await stop(started);
      return null;
    },
  },
  // Nothing can be stored, and so nothing answered, without the owner.
  () => process.exit(0),
);
bus.connect(owner);
owner.ask('hello', null).catch(() => process.exit(1));
// Whoever ends the owner may signal all of its processes: they end when it tells them to.
if (!parentPort) for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => {});

function start(setup: PartSetup): Promise<Started> {
  return setup.part === 'api' ? startApi(setup) : startGateway(setup);
}

async function startGateway({ config, name, worker }: WorkerSetup): Promise<Started> {
  let server: Gateway | null = null;
  const spool = await openConfiguredSpool(config, worker, log, systemClock.now);
  const core = await openPart(config, name, { spool, patience: DEVICE_PATIENCE, onRoom: () => server?.resume() });
  const gateway = await serveDevices(core, config, protocols, () => {
    owner.ask('quit', null).catch((error: Error) => log.error({ error: error.message }, 'the gateway is not ended'));
  });
  server = gateway;
  return { core, spool, ready: { listening: gateway.listening, http: null }, close: () => gateway.drain() };
}

async function startApi({ config, name }: ApiSetup): Promise<Started> {
  const core = await openPart(config, name, { spool: null, patience: 0, onRoom: () => {} });
  const told = { ...core, durability: toldOfTrouble(core.durability) };
  const api = await serveApi(told, config, {
    metricsText: async () =>
      metricsText([await core.metrics.registry.getMetricsAsJSON(), ...(await owner.ask('metrics', null))]),
    spooling: () => owner.ask('spooling', null),
  });
  return {
    core,
    spool: null,
    ready: { listening: [], http: api && { host: api.host, port: api.port, tokenFile: api.tokenFile } },
    async close() {
      await api?.close();
    },
  };
}

async function openPart(
  config: Config,
  name: string,
  own: { readonly spool: Spool | null; readonly patience: number; readonly onRoom: () => void },
): Promise<Core> {
  const core: Core = openCore(config, {
    ...own,
    raw: await openPartStore(config),
    bus,
    log,
    clock: systemClock,
    name,
    turns: createLinkedTurns(owner, () => core.durability.changed()),
    onTrouble: () => {},
    onFailure: () => process.exit(1),
  });
  return core;
}

/** Files have one writer, the owner; a cluster has any number. */
async function openPartStore(config: Config): Promise<Store> {
  const options = storeOptions(config, (id, period) => log.warn({ id, period }, 'a partition nears 100 MB'));
  return 'cassandra' in options ? openStore(options) : createRemoteStore(openReader(options), owner);
}

/** What the owner tells of the store counts as much as what was seen here. */
function toldOfTrouble(durability: Durability): Durability {
  return Object.create(durability, { trouble: { get: () => told ?? durability.trouble } });
}

async function stop({ core, spool, close }: Started): Promise<void> {
  await close();
  await core.durability.drain();
  await spool?.close();
  await core.raw.close();
}
