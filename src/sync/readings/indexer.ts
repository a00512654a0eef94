/** Readings of some types, indexed as they become durable. */
import type { Client } from '@opensearch-project/opensearch';
import type { Bus, Message } from '../../bus/bus.js';
import { seriesOf } from '../../devices/device.js';
import type { Devices } from '../../devices/devices.js';
import type { Series } from '../../series/series.js';
import { asked, type BulkItem, sendBulk } from '../bulk.js';
import { deviceIds } from '../devices/items.js';
import {
  ensureMonth,
  type IndexedReading,
  monthAlias,
  monthOf,
  putReadingsTemplate,
  readingDocument,
  readingId,
  readingsAlias,
} from './documents.js';

export interface ReadingIndexer {
  /** Writes what came since the last time; resolves to how many readings that were. */
  flush(): Promise<number>;
  close(): void;
}

export interface ReadingIndexerOptions {
  readonly client: Client;
  readonly prefix: string;
  readonly types: ReadonlySet<string>;
  readonly bus: Bus;
  readonly devices: Devices;
  readonly series: Pick<Series, 'read'>;
  /** UNIX ms. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Told of each reading that the index takes (null) or refuses, and why. */
  readonly onOutcome: (id: string, why: string | null) => void;
  /** Of this process on the bus. */
  readonly name: string;
}

/** Readings that wait to be written at the most; what comes beyond is read from the store later. */
export const MAX_WAITING = 50_000;
/** Readings sent at once. */
export const READINGS_AT_ONCE = 1_000;
/** Milliseconds before the last one indexed from which readings are read again when some may have been missed. */
export const READ_AGAIN = 3_600_000;

export function createReadingIndexer(options: ReadingIndexerOptions): ReadingIndexer {
  const { client, prefix, types, bus, devices, series, now } = options;
  const waiting: IndexedReading[] = [];
  const months = new Set<string>();
  let hasMissed = true;
  let hasTemplate = false;

  const end = bus.subscribe('events', `${options.name}-readings`, take, {
    onGap() {
      hasMissed = true;
    },
  });

  function take(message: Message): void {
    const { _call, device_id, type, id, time, data, _time } = message;
    if (_call !== 'reading_stored' || typeof type !== 'string' || !types.has(type)) return;
    if (typeof device_id !== 'string' || typeof id !== 'string' || typeof data !== 'string') return;
    if (waiting.length >= MAX_WAITING) hasMissed = true;
    else waiting.push({ deviceId: device_id, type, uuid: id, time: Number(time), received: _time * 1_000, data });
  }

  async function flush(): Promise<number> {
    if (!hasTemplate) await putReadingsTemplate(client, prefix);
    hasTemplate = true;
    let written = hasMissed ? await catchUp() : 0;
    while (waiting.length > 0) {
      const some = waiting.slice(0, READINGS_AT_ONCE);
      written += await put(some);
      waiting.splice(0, some.length);
    }
    return written;
  }

  async function put(readings: readonly IndexedReading[]): Promise<number> {
    for (const month of new Set(readings.map(({ time }) => monthOf(time)))) {
      if (!months.has(month)) await ensureMonth(client, prefix, month, now());
      months.add(month);
    }
    return putReadings(options, readings, ({ time }) => monthAlias(prefix, monthOf(time)));
  }

  /** From the last that is indexed on; where nothing is, nothing was asked for before. */
  async function catchUp(): Promise<number> {
    hasMissed = false;
    try {
      const last = await lastIndexed(client, prefix);
      if (last === null) return 0;
      let written = 0;
      for await (const some of readingsOf({ devices, series }, [...types], last - READ_AGAIN, undefined))
        written += await put(some);
      return written;
    } catch (error) {
      hasMissed = true;
      throw error;
    }
  }

  return { flush, close: end };
}

/** Writes readings; resolves to how many. */
export async function putReadings(
  { client, wait, onOutcome }: Pick<ReadingIndexerOptions, 'client' | 'wait' | 'onOutcome'>,
  readings: readonly IndexedReading[],
  indexOf: (reading: IndexedReading) => string,
): Promise<number> {
  const items = readings.map(
    (reading): BulkItem => ({
      index: indexOf(reading),
      id: readingId(reading),
      source: readingDocument(reading),
      guard: { by: 'nothing' },
    }),
  );
  const outcomes = await sendBulk(client, items, { wait });
  outcomes.forEach((given, at) => {
    onOutcome(items[at]?.id ?? '', given.outcome === 'refused' ? given.why : null);
  });
  return outcomes.filter(({ outcome }) => outcome === 'done').length;
}

/** Readings of all devices by their own dates, UNIX ms, inclusive, in batches. */
export async function* readingsOf(
  { devices, series }: Pick<ReadingIndexerOptions, 'devices' | 'series'>,
  types: readonly string[],
  from: number | undefined,
  to: number | undefined,
): AsyncIterable<IndexedReading[]> {
  let some: IndexedReading[] = [];
  for await (const ids of deviceIds(devices, false))
    for (const deviceId of ids)
      for (const type of types)
        for await (const reading of series.read({ id: seriesOf(deviceId), type, from, to, order: 'oldest' })) {
          some.push({ deviceId, ...reading });
          if (some.length < READINGS_AT_ONCE) continue;
          yield some;
          some = [];
        }
  if (some.length > 0) yield some;
}

async function lastIndexed(client: Client, prefix: string): Promise<number | null> {
  const body = { size: 1, query: { match_all: {} }, sort: [{ received: { order: 'desc' as const } }] };
  const index = `${readingsAlias(prefix)}-*`;
  const { hits } = await asked(() => client.search({ index, body, ignore_unavailable: true }));
  const received = hits.hits[0]?._source?.['received'];
  return typeof received === 'number' ? received : null;
}
