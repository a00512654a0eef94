/** Puts the indexing of a fleet's own devices and readings together, over the store and the bus that its gateways share. */
import { hostname } from 'node:os';
import { openBus } from './bus/open.js';
import { openDevices } from './devices/open.js';
import { createTurns } from './devices/turns.js';
import { openFiles } from './files/files.js';
import type { Logger } from './observe/log.js';
import { openRegistry } from './registry/registry.js';
import { openSeries } from './series/series.js';
import { openStore } from './store/open.js';
import type { OwnConfig, SyncConfig } from './sync/config.js';
import { every } from './sync/every.js';
import { type OwnParts, startOwn } from './sync/own.js';
import { keptStates, loadOwnState, noteError, type OwnState, saveOwnState } from './sync/own-state.js';
import { connectSearch } from './sync/search.js';

export interface OwnServer extends OwnParts {
  /** Starts to index what happens, and notes how far that is. */
  start(state: OwnState): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store; rejects with a message for the operator when it cannot be had. */
export async function openOwn(config: SyncConfig, own: OwnConfig, log: Logger): Promise<OwnServer> {
  const { cassandra } = config;
  const { username, password } = cassandra;
  const store = await openStore({
    cassandra: {
      contactPoints: cassandra['contact-points'],
      datacenter: cassandra.datacenter,
      keyspace: cassandra.keyspace,
      write: cassandra['write-consistency'],
      read: cassandra['read-consistency'],
      credentials: username ? { username, password: password ?? '' } : undefined,
      tls: cassandra.tls,
      // What is read a moment too early is read again.
      allowStaleReads: true,
      onLargePartition: () => {},
    },
  });
  const registry = openRegistry(store);
  const series = openSeries(store, { period: 'month', ttl: () => 0, now: Date.now, random: Math.random });
  const devices = openDevices({
    registry,
    files: openFiles(registry, store),
    turns: createTurns(),
    now: Date.now,
    policy: 'known',
    provisionLimit: 0,
    waitingLimit: 1,
  });
  const parts: OwnParts = {
    ...devices,
    series,
    client: connectSearch(config.search),
    prefix: own.prefix,
    log,
    now: Date.now,
  };
  const ends: (() => Promise<void>)[] = [];
  return {
    ...parts,
    async start(state) {
      const name = `m2mp_sync_${hostname()}_${process.pid}`;
      const bus = await openBus({
        bus: 'nsq',
        nsqd: own.nsqd.join(','),
        nsqlookupd: own.nsqlookupd.join(','),
        name,
        now: Date.now,
        random: Math.random,
        onTrouble: (why) => log.warn(why),
      });
      ends.push(startOwn({ ...parts, bus, readings: own.readings, sweep: own.sweep, name, state }), () => bus.close());
    },
    async close() {
      for (const end of ends) await end();
      await parts.client.close();
      await store.close();
    },
  };
}

/**
 * Opens the store and indexes, as soon as both can be had and tried again until then, and keeps in the state directory how
 * far that is; returns what ends it.
 */
export function keepOwn(config: SyncConfig, own: OwnConfig, log: Logger): () => Promise<void> {
  let server: OwnServer | null = null;
  let state: OwnState | null = null;

  async function open(state: OwnState): Promise<void> {
    if (server) return;
    try {
      const opened = await openOwn(config, own, log);
      await opened.start(state);
      server = opened;
    } catch (error) {
      for (const [, one] of keptStates(state, own)) noteError(one, error, Date.now());
      throw error;
    }
  }

  async function save(): Promise<void> {
    if (state) await saveOwnState(config.state, state);
  }

  async function step(): Promise<void> {
    state ??= await loadOwnState(config.state);
    try {
      await open(state);
    } finally {
      await save();
    }
  }

  const stop = every([{ ms: config.interval, task: step }], (why) =>
    log.warn({ why }, 'devices are not indexed: tried again at the next run'),
  );
  return async () => {
    await stop();
    await server?.close();
    await save();
  };
}
