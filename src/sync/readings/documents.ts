/** Readings as documents, in an index for each month of their own dates. */
import type { Client } from '@opensearch-project/opensearch';
import type { Property } from '@opensearch-project/opensearch/api/_types/_common.mapping.js';
import { placeIn } from '../../queries/places.js';
import { indicesOf } from '../aliases.js';
import { asked } from '../bulk.js';

export interface IndexedReading {
  readonly deviceId: string;
  readonly type: string;
  /** Its time UUID. */
  readonly uuid: string;
  /** UNIX ms. */
  readonly time: number;
  readonly received: number;
  /** JSON text. */
  readonly data: string;
}

const properties: Record<string, Property> = {
  device: { type: 'keyword' },
  type: { type: 'keyword' },
  time: { type: 'date' },
  received: { type: 'date' },
  number: { type: 'double' },
  text: { type: 'keyword', ignore_above: 8_000 },
  place: { type: 'geo_point' },
  data: { type: 'object', enabled: false },
};

/** The alias of the readings of all months. */
export function readingsAlias(prefix: string): string {
  return `${prefix}-readings`;
}

/** The alias of one month's, such as `2026-11`. */
export function monthAlias(prefix: string, month: string): string {
  return `${readingsAlias(prefix)}-${month}`;
}

/** The month of a date in UNIX ms. */
export function monthOf(time: number): string {
  return new Date(time).toISOString().slice(0, 7);
}

/** Makes the template that all months' indices follow, anew. */
export async function putReadingsTemplate(client: Client, prefix: string): Promise<void> {
  const name = readingsAlias(prefix);
  const body = { index_patterns: [`${name}-*`], template: { mappings: { dynamic: false, properties } } };
  await asked(() => client.indices.putIndexTemplate({ name, body }));
}

/** Makes an index of a month, without aliases; resolves to its name. */
export async function createMonth(client: Client, prefix: string, month: string, now: number): Promise<string> {
  const index = `${monthAlias(prefix, month)}-${now}`;
  await asked(() => client.indices.create({ index }));
  return index;
}

/** Makes the index of a month, with its aliases, where there is none. */
export async function ensureMonth(client: Client, prefix: string, month: string, now: number): Promise<void> {
  const alias = monthAlias(prefix, month);
  if ((await indicesOf(client, alias)).length > 0) return;
  const aliases = { [alias]: {}, [readingsAlias(prefix)]: {} };
  await asked(() => client.indices.create({ index: `${alias}-${now}`, body: { aliases } }));
}

/** The same reading has the same id, however often it is written. */
export function readingId({ deviceId, uuid, type }: IndexedReading): string {
  return `${deviceId}:${uuid}:${type}`;
}

export function readingDocument({ deviceId, type, time, received, data }: IndexedReading): Record<string, unknown> {
  const value: unknown = JSON.parse(data);
  return {
    device: deviceId,
    type,
    time,
    received,
    ...(typeof value === 'number' && { number: value }),
    ...(typeof value === 'string' && { text: value }),
    place: placeIn(value),
    // An object, whatever the reading is.
    data: { value },
  };
}
