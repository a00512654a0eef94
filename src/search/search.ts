/** Looking for devices: the interface, and how the registry is looked through where there is no index. */
import { distance } from '@turf/distance';
import type { Devices } from '../devices/devices.js';
import { type DescribedDevice, type DescribeParts, describeDevice } from './described.js';
import type { DeviceSearch } from './query.js';

export interface Search {
  /** In the order of idents, those after the ident `after`. Rejects with `SearchUnavailable`. */
  find(query: DeviceSearch, page: SearchPage): Promise<Found>;
}

export interface SearchPage {
  /** UUID: devices of this domain alone. */
  readonly domain: string | undefined;
  readonly after: string | undefined;
  readonly limit: number;
  /** UNIX ms. */
  readonly now: number;
}

export interface Found {
  readonly devices: readonly FoundDevice[];
  /** The `after` of the next page; null at the end. */
  readonly next: string | null;
}

export type FoundDevice = Pick<DescribedDevice, 'device' | 'place' | 'lastSeen'>;

/** What is searched in cannot be asked now; the message says why. */
export class SearchUnavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SearchUnavailable';
  }
}

/** Devices looked at in one go. */
const CHUNK = 50;

/** Looks at one device after the other: right at once, and slow with many devices. */
export function searchRegistry(parts: DescribeParts & { readonly devices: Devices }): Search {
  return {
    async find(query, { domain, after, limit, now }) {
      const found: FoundDevice[] = [];
      let last: string | null | undefined = after;
      do {
        const page = await parts.devices.list({ after: last, limit: CHUNK, domain });
        const described = await Promise.all(page.devices.map((device) => describeDevice(parts, device, now)));
        for (const one of described) {
          if (!matches(query, one, now)) continue;
          if (found.length === limit) return { devices: found, next: found.at(-1)?.device.ident ?? null };
          found.push(one);
        }
        last = page.next;
      } while (last !== null);
      return { devices: found, next: null };
    },
  };
}

/** Whether a device is what is searched for. */
export function matches(query: DeviceSearch, described: DescribedDevice, now: number): boolean {
  const { device, settings, place, lastSeen } = described;
  const texts = searchedTexts(described);
  return (
    device.deleted === null &&
    query.words.every((word) => texts.some((text) => text.includes(word))) &&
    query.settings.every((wanted) =>
      settings.some(({ name, value }) => name === wanted.name && value === wanted.value),
    ) &&
    query.near.every(
      ({ lat, lon, kilometres }) => place !== null && distance([lon, lat], [place.lon, place.lat]) <= kilometres,
    ) &&
    (query.silent === null || lastSeen === null || now - lastSeen > query.silent)
  );
}

/** Where words are looked for, in lower case. */
export function searchedTexts({ device, settings }: Pick<DescribedDevice, 'device' | 'settings'>): string[] {
  return [device.ident, device.name ?? '', ...settings.map(({ value }) => value)].map((text) => text.toLowerCase());
}
