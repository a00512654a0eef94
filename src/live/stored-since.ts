/** Readings that arrived since a moment, from the series: what a listener missed while it was away. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Device, seriesOf } from '../devices/device.js';
import type { Devices } from '../devices/devices.js';
import { jsonOf } from '../queries/json.js';
import type { ManyReading } from '../series/many.js';
import type { Series } from '../series/series.js';
import { isoDate, type StreamEvent } from './events.js';

/**
 * Milliseconds before the moment that readings are dated from which are looked at: series are in the order of the
 * devices' dates, and what a device had buffered is older than its arrival.
 */
export const LOOK_BACK = 86_400_000;
/** Readings looked at for one listener at the most. */
export const MAX_LOOKED_AT = 2_000_000;
/** Devices listed at once. */
const DEVICES_LISTED = 500;

export interface SinceQuery {
  /** UNIX ms: what arrived then or later. */
  readonly since: number;
  /** UUIDs; null: all of the domain. */
  readonly devices: ReadonlySet<string> | null;
  readonly types: ReadonlySet<string> | null;
  /** UUID; null: all domains. */
  readonly domain: string | null;
}

/** More lie there than are looked at. */
export class TooMuchMissed extends Error {
  constructor() {
    super(`more than ${MAX_LOOKED_AT} readings would have to be looked at; ask for them by /api/readings`);
    this.name = 'TooMuchMissed';
  }
}

/**
 * Batches of events, device by device, the oldest first; readings of the gateway's own types (`_…`) are not among them.
 * Throws `TooMuchMissed`.
 */
export async function* storedSince(
  { devices, series }: { readonly devices: Devices; readonly series: Series },
  { since, devices: wanted, types, domain }: SinceQuery,
): AsyncIterable<readonly StreamEvent[]> {
  let looked = 0;
  for await (const device of all()) {
    const query = { ids: [seriesOf(device.id)], types: [...(types ?? [])], from: since - LOOK_BACK };
    for await (const batch of series.readMany({ ...query, order: 'oldest' })) {
      looked += batch.length;
      if (looked > MAX_LOOKED_AT) throw new TooMuchMissed();
      const missed = batch.filter(({ received, type }) => received >= since && !type.startsWith('_'));
      if (missed.length > 0) yield missed.map((reading) => readingEvent(device, reading));
    }
  }

  async function* all(): AsyncIterable<Device> {
    if (wanted) {
      for (const id of wanted) {
        const device = await devices.get(id);
        if (device && (domain === null || device.domain === domain)) yield device;
      }
      return;
    }
    for (let after: string | null | undefined; after !== null; ) {
      const page = await devices.list({ after, limit: DEVICES_LISTED, domain: domain ?? undefined });
      yield* page.devices;
      await turn();
      after = page.next;
    }
  }
}

function readingEvent({ id: device, ident }: Device, { time, type, data, uuid: id }: ManyReading): StreamEvent {
  return { event: 'reading', data: { device, ident, time: isoDate(time), type, data: jsonOf(data), id } };
}
