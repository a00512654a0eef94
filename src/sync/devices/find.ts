/** Looking for devices in their index. What is found is read from the registry: the index can be behind. */
import type { Client } from '@opensearch-project/opensearch';
import type { QueryContainer } from '@opensearch-project/opensearch/api/_types/_common.query_dsl.js';
import type { Devices } from '../../devices/devices.js';
import { placeIn } from '../../queries/places.js';
import type { DeviceSearch } from '../../search/query.js';
import { type FoundDevice, type Search, SearchUnavailable } from '../../search/search.js';
import { asked } from '../bulk.js';
import { devicesAlias } from './documents.js';

export function searchIndex({ client, prefix, devices }: { client: Client; prefix: string; devices: Devices }): Search {
  return {
    async find(query, { domain, after, limit, now }) {
      const body = {
        size: limit + 1,
        query: { bool: { filter: filters(query, domain, now) } },
        sort: [{ ident: { order: 'asc' as const } }],
        ...(after !== undefined && { search_after: [after] }),
      };
      const { hits } = await asked(() => client.search({ index: devicesAlias(prefix), body })).catch(
        (error: unknown) => {
          throw new SearchUnavailable(error instanceof Error ? error.message : String(error));
        },
      );
      const page = hits.hits.slice(0, limit);
      const found = await Promise.all(page.map((hit) => current(String(hit._id), hit._source ?? {})));
      const next = hits.hits.length > limit ? String(page.at(-1)?._source?.['ident']) : null;
      return {
        devices: found
          .filter((one) => one !== null && (domain === undefined || one.device.domain === domain))
          .filter(isThere),
        next,
      };
    },
  };

  async function current(id: string, source: Record<string, unknown>): Promise<FoundDevice | null> {
    const device = await devices.get(id);
    if (!device || device.deleted !== null) return null;
    const place = placeIn(source['place']);
    const lastSeen = source['lastSeen'];
    return {
      device,
      place: place && { ...place, time: Number(source['placed']) },
      lastSeen: typeof lastSeen === 'number' ? lastSeen : null,
    };
  }
}

function isThere<T>(one: T | null): one is T {
  return one !== null;
}

function filters(
  { words, settings, near, silent }: DeviceSearch,
  domain: string | undefined,
  now: number,
): QueryContainer[] {
  const before = now - (silent ?? 0);
  return [
    ...(domain === undefined ? [] : [{ term: { domain: { value: domain } } }]),
    ...words.map((word) => ({ wildcard: { words: { value: `*${word.replace(/[\\*?]/g, '\\$&')}*` } } })),
    ...settings.map(({ name, value }) => ({
      nested: {
        path: 'settings',
        query: {
          bool: { filter: [{ term: { 'settings.name': { value: name } } }, { term: { 'settings.value': { value } } }] },
        },
      },
    })),
    ...near.map(({ lat, lon, kilometres }) => ({ geo_distance: { distance: `${kilometres}km`, place: { lat, lon } } })),
    ...(silent === null ? [] : [{ bool: { must_not: [{ range: { lastSeen: { gte: before } } }] } }]),
  ];
}
