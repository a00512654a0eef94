/** Devices as documents: how the index is made, and what of a device is in it. */
import type { Client } from '@opensearch-project/opensearch';
import type { Property } from '@opensearch-project/opensearch/api/_types/_common.mapping.js';
import type { DescribedDevice } from '../../search/described.js';
import { searchedTexts } from '../../search/search.js';
import { asked } from '../bulk.js';

/** Characters of a text that can be searched for; what is longer is kept, and not found. */
const MAX_SEARCHED = 8_000;
const keyword: Property = { type: 'keyword', ignore_above: MAX_SEARCHED };

const properties: Record<string, Property> = {
  ident: keyword,
  name: keyword,
  domain: keyword,
  owner: keyword,
  words: keyword,
  settings: { type: 'nested', properties: { name: keyword, value: keyword } },
  place: { type: 'geo_point' },
  placed: { type: 'date' },
  lastSeen: { type: 'date' },
  connected: { type: 'boolean' },
  connection: { properties: { protocol: keyword, source: keyword, gateway: keyword, since: { type: 'date' } } },
  indexed: { type: 'long' },
};

/** The alias of devices. */
export function devicesAlias(prefix: string): string {
  return `${prefix}-devices`;
}

/** Makes a new index of devices; it has the alias only `withAlias`. Resolves to its name. */
export async function createDevicesIndex(
  client: Client,
  prefix: string,
  now: number,
  withAlias: boolean,
): Promise<string> {
  const alias = devicesAlias(prefix);
  const index = `${alias}-${now}`;
  const aliases = withAlias ? { [alias]: {} } : {};
  await asked(() => client.indices.create({ index, body: { mappings: { dynamic: false, properties }, aliases } }));
  return index;
}

/** Makes the index of devices where there is none. */
export async function ensureDevicesIndex(client: Client, prefix: string, now: number): Promise<void> {
  if (!(await asked(() => client.indices.exists({ index: devicesAlias(prefix) }))))
    await createDevicesIndex(client, prefix, now, true);
}

/** Without `indexed`, which says when, in UNIX microseconds. */
export function deviceDocument(described: DescribedDevice): Record<string, unknown> {
  const { device, settings, place, lastSeen, connection } = described;
  return {
    ident: device.ident,
    name: device.name,
    domain: device.domain,
    owner: device.owner,
    words: [...new Set(searchedTexts(described))].filter((text) => text !== ''),
    settings: settings.map(({ name, value }) => ({ name, value })),
    place: place && { lat: place.lat, lon: place.lon },
    placed: place?.time ?? null,
    lastSeen,
    connected: connection !== null,
    connection,
  };
}
