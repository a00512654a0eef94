/** The latest reading of each device, for a map of all of them: in batches, between which others get a turn. */
import { setImmediate as turn } from 'node:timers/promises';
import { type Device, seriesOf } from '../devices/device.js';
import type { Devices } from '../devices/devices.js';
import type { Series } from '../series/series.js';
import type { Area } from './places.js';
import { type Entry, filterOf } from './readings.js';

/** Devices listed at once, and those looked at between two turns of the event loop, at the same time. */
export const DEVICES_LISTED = 1_000;
export const DEVICES_AT_ONCE = 50;

export interface LatestQuery {
  readonly type: string;
  /** UUID: devices of this domain alone. */
  readonly domain: string | undefined;
  /** UNIX ms: readings from then on. */
  readonly from: number | undefined;
  /** Members of data to give; readings with none of them are left out. */
  readonly fields: readonly string[] | undefined;
  /** Readings with a place outside of it, or without one, are left out. */
  readonly area: Area | undefined;
  /** UNIX ms. */
  readonly now: number;
}

export interface DeviceEntry {
  readonly device: Device;
  readonly entry: Entry;
}

/** In the order of the devices' idents; a device without such a reading is left out, as are deleted ones. */
export async function* latestOfDevices(
  { devices, series }: { readonly devices: Devices; readonly series: Series },
  query: LatestQuery,
): AsyncIterable<readonly DeviceEntry[]> {
  const wanted = filterOf(query);
  let after: string | null | undefined;
  while (after !== null) {
    const page = await devices.list({ after, limit: DEVICES_LISTED, domain: query.domain });
    for (let at = 0; at < page.devices.length; at += DEVICES_AT_ONCE) {
      const some = page.devices.slice(at, at + DEVICES_AT_ONCE);
      const found = await Promise.all(some.map((device) => latestOf(device)));
      await turn();
      yield found.filter((one) => one !== null);
    }
    after = page.next;
  }

  async function latestOf(device: Device): Promise<DeviceEntry | null> {
    const reading = await series.latest(seriesOf(device.id), query.type, query.now);
    if (!reading || reading.time < (query.from ?? reading.time)) return null;
    const data = wanted(reading.data);
    if (data === null) return null;
    const { type, time, uuid } = reading;
    return { device, entry: { device: device.id, type, time, data, uuid, count: null } };
  }
}
