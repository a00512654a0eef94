/** Keeps the index of devices as the registry and the readings are: device by device as they change, and by sweeps. */
import type { Bus, Message } from '../../bus/bus.js';
import { parseAddress } from '../../bus/bus.js';
import { asked } from '../bulk.js';
import { isSame } from '../columns.js';
import { devicesAlias, ensureDevicesIndex } from './documents.js';
import { DEVICES_AT_ONCE, type DeviceItemParts, deviceIds, itemsOf, putItems } from './items.js';

export interface DeviceIndexer {
  /** Writes what has changed since the last time; resolves to how many documents that were. */
  flush(): Promise<number>;
  /** Compares all devices; resolves to how many documents differed. */
  sweep(): Promise<number>;
  /** Devices that wait to be written. */
  readonly waiting: number;
  /** Ends what it listens to. */
  close(): void;
}

export interface DeviceIndexerOptions extends DeviceItemParts {
  readonly bus: Bus;
  /** Of this process on the bus. */
  readonly name: string;
}

/** Devices that wait to be written at the most; beyond, all are compared instead. */
export const MAX_WAITING = 100_000;

export function createDeviceIndexer(options: DeviceIndexerOptions): DeviceIndexer {
  const { client, prefix, devices, bus, now } = options;
  const waiting = new Set<string>();
  let mustSweep = true;
  let isEnsured = false;

  function changed(deviceId: unknown): void {
    if (typeof deviceId !== 'string') return;
    if (waiting.size < MAX_WAITING) waiting.add(deviceId);
    else mustSweep = true;
  }

  const onGap = () => {
    mustSweep = true;
  };
  const ends = [
    bus.subscribe('events', `${options.name}-devices`, (message: Message) => changed(message['device_id']), { onGap }),
    // Settings that somebody desires: the gateways are told to send them.
    bus.subscribe('receivers', `${options.name}-devices`, ({ _to }) =>
      changed(parseAddress(_to).parameters.get('device_id')),
    ),
  ];

  async function ensure(): Promise<void> {
    if (!isEnsured) await ensureDevicesIndex(client, prefix, now());
    isEnsured = true;
  }

  async function flush(): Promise<number> {
    await ensure();
    let written = mustSweep ? await sweep() : 0;
    while (waiting.size > 0) {
      const ids = [...waiting].slice(0, DEVICES_AT_ONCE);
      for (const id of ids) waiting.delete(id);
      try {
        written += await putItems(options, await itemsOf(options, ids, devicesAlias(prefix)));
      } catch (error) {
        for (const id of ids) changed(id);
        throw error;
      }
    }
    return written;
  }

  async function sweep(): Promise<number> {
    await ensure();
    mustSweep = false;
    try {
      let written = 0;
      for (const deleted of [false, true])
        for await (const ids of deviceIds(devices, deleted)) written += await putDifferent(ids);
      return written;
    } catch (error) {
      mustSweep = true;
      throw error;
    }
  }

  async function putDifferent(ids: readonly string[]): Promise<number> {
    const items = await itemsOf(options, ids, devicesAlias(prefix));
    const { docs } = await asked(() => client.mget({ index: devicesAlias(prefix), body: { ids: [...ids] } }));
    const there = new Map(docs.map((doc) => [doc._id, 'found' in doc && doc.found ? doc._source : undefined]));
    return putItems(
      options,
      items.filter(({ id, source }) => !isAlike(source, there.get(id))),
    );
  }

  return {
    flush,
    sweep,
    get waiting() {
      return waiting.size;
    },
    close() {
      for (const end of ends) end();
    },
  };
}

/** But for when it was indexed. */
function isAlike(source: object | null, there: object | undefined): boolean {
  if (source === null || there === undefined) return source === null && there === undefined;
  return isSame(plain({ ...there, indexed: 0 }), plain({ ...source, indexed: 0 }));
}

function plain(value: object) {
  return JSON.parse(JSON.stringify(value));
}
