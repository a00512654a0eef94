/** What a search looks at of a device. */
import { type Device, seriesOf } from '../devices/device.js';
import type { Presence } from '../devices/presence.js';
import type { DeviceSetting } from '../devices/settings.js';
import { type Place, placeIn } from '../queries/places.js';
import type { Series } from '../series/series.js';

export interface DescribedDevice {
  readonly device: Device;
  readonly settings: readonly Pick<DeviceSetting, 'name' | 'value'>[];
  /** Where it was last, and when, UNIX ms. */
  readonly place: (Place & { readonly time: number }) | null;
  /** When its last reading arrived, UNIX ms; null: none did. */
  readonly lastSeen: number | null;
  /** The one it opened last; null: it has none. */
  readonly connection: ConnectionDescribed | null;
}

export interface ConnectionDescribed {
  readonly protocol: string;
  readonly source: string;
  /** Which holds it. */
  readonly gateway: string;
  /** UNIX ms. */
  readonly since: number;
}

export interface DescribeParts {
  readonly series: Pick<Series, 'latestOfEach'>;
  readonly settings: { list(deviceId: string): Promise<readonly DeviceSetting[]> };
  readonly presence: Pick<Presence, 'of'>;
}

export const LOCATION_TYPE = 'sen:loc';

/** `now`: UNIX ms, readings dated after it do not count. */
export async function describeDevice(parts: DescribeParts, device: Device, now: number): Promise<DescribedDevice> {
  const [settings, latest, connections] = await Promise.all([
    parts.settings.list(device.id),
    parts.series.latestOfEach(seriesOf(device.id), now),
    parts.presence.of(device.id),
  ]);
  const [connection] = [...connections].sort((a, b) => b.opened - a.opened);
  const located = latest.find(({ type }) => type === LOCATION_TYPE);
  const place = located ? placeIn(parsed(located.data)) : null;
  return {
    device,
    settings,
    place: place && located ? { ...place, time: located.time } : null,
    lastSeen: latest.length === 0 ? null : Math.max(...latest.map(({ received }) => received)),
    connection: connection
      ? {
          protocol: connection.protocol,
          source: connection.source,
          gateway: connection.gateway,
          since: connection.opened,
        }
      : null,
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
