/** The gateways' own devices and readings in indices: as they change, by sweeps, and anew. */
import type { Client } from '@opensearch-project/opensearch';
import type { Bus } from '../bus/bus.js';
import type { Devices } from '../devices/devices.js';
import type { Logger } from '../observe/log.js';
import type { DescribeParts } from '../search/described.js';
import type { Series } from '../series/series.js';
import { createDeviceIndexer } from './devices/indexer.js';
import { rebuildDevices } from './devices/rebuild.js';
import { every } from './every.js';
import { newOwnState, noteOutcome, noting, type OwnState } from './own-state.js';
import { createReadingIndexer } from './readings/indexer.js';
import { rebuildReadings } from './readings/rebuild.js';

export interface OwnParts extends DescribeParts {
  readonly client: Client;
  readonly prefix: string;
  readonly devices: Devices;
  readonly series: Series;
  readonly log: Logger;
  /** UNIX ms. */
  readonly now: () => number;
}

export interface OwnOptions extends OwnParts {
  readonly bus: Bus;
  /** Types of readings that are indexed. */
  readonly readings: readonly string[];
  /** Milliseconds between two comparisons of all devices. */
  readonly sweep: number;
  /** Of this process on the bus. */
  readonly name: string;
  /** Where it is noted how far they are, by default nowhere. */
  readonly state?: OwnState;
}

/** Milliseconds between two writings of what changed. */
export const FLUSH_EVERY = 1_000;
/** Milliseconds that a request to the index may still take when all ends. */
const CLOSE_WITHIN = 2_000;

/** Starts to index; returns what ends it. */
export function startOwn(options: OwnOptions): () => Promise<void> {
  const { log, readings, sweep, now, state = newOwnState() } = options;
  const partsOf = (index: keyof OwnState) => {
    const { wait, onOutcome } = itemParts(options);
    return {
      wait,
      onOutcome(id: string, why: string | null) {
        onOutcome(id, why);
        noteOutcome(state[index], id, why, now());
      },
    };
  };
  const devices = createDeviceIndexer({ ...options, ...partsOf('devices') });
  const types = new Set(readings);
  const indexed = readings.length > 0 ? createReadingIndexer({ ...options, ...partsOf('readings'), types }) : null;
  const trouble = (what: string) => (why: string) => log.warn({ why }, `the index of ${what} is behind`);
  const stops = [
    every(
      [
        { ms: FLUSH_EVERY, task: noting(state.devices, now, devices.flush) },
        {
          ms: sweep,
          async task() {
            state.devices.written += await devices.sweep();
          },
        },
      ],
      trouble('devices'),
    ),
    ...(indexed
      ? [every([{ ms: FLUSH_EVERY, task: noting(state.readings, now, indexed.flush) }], trouble('readings'))]
      : []),
  ];
  return async () => {
    devices.close();
    indexed?.close();
    await Promise.race([Promise.all(stops.map((stop) => stop())), sleep(CLOSE_WITHIN)]);
  };
}

/** Fills the index of devices anew; resolves to how many there are. */
export function rebuildOwnDevices(parts: OwnParts): Promise<number> {
  return rebuildDevices({ ...parts, ...itemParts(parts) });
}

/** Fills the indices of readings of these types anew, months such as `2026-11`; resolves to how many there are. */
export function rebuildOwnReadings(
  parts: OwnParts,
  types: readonly string[],
  from: string,
  to: string,
): Promise<number> {
  return rebuildReadings({ ...parts, ...itemParts(parts), types: new Set(types), from, to });
}

function itemParts({ log }: OwnParts) {
  return {
    wait: sleep,
    onOutcome(id: string, why: string | null) {
      if (why !== null) log.warn({ id, why }, 'the index refuses something');
    },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
