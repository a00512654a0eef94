import { type Static, Type } from 'typebox';
import { type DeviceSearch, parseSearch, SearchSyntaxError } from '../search/query.js';
import { type Found, type FoundDevice, SearchUnavailable } from '../search/search.js';
import { DateGiven, DateOrNull, dateOrNull, isoDate } from './dates.js';
import { DEVICE_EXAMPLE, DeviceGiven, deviceGiven } from './devices.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, Problem } from './problem.js';
import { problems } from './responses.js';

const TAKES =
  "words of an ident, a name or a setting's value, interval=60, near:48.85,2.35 or near:48.85,2.35,5 (kilometres), silent:1d";

const PlaceGiven = Type.Object({ lat: Type.Number(), lon: Type.Number(), time: DateGiven });

export const SearchResult = Type.Object(
  {
    devices: Type.Array(
      Type.Object({
        device: DeviceGiven,
        place: Type.Union([PlaceGiven, Type.Null()], { description: 'where it was last' }),
        lastSeen: DateOrNull,
      }),
    ),
    next: Next,
  },
  {
    $id: 'SearchResult',
    examples: [
      {
        devices: [
          {
            device: DEVICE_EXAMPLE,
            place: { lat: 48.8566, lon: 2.3522, time: '2026-11-20T12:30:00.000Z' },
            lastSeen: '2026-11-20T12:31:00.000Z',
          },
        ],
        next: null,
      },
    ],
  },
);
export type SearchResult = Static<typeof SearchResult>;

/** Devices by what they are configured to be, where they are, and when they were seen last. */
export function addSearch(app: Api, parts: ApiParts): void {
  app.get(
    '/api/search',
    {
      schema: {
        tags: ['devices'],
        summary: 'Devices that are all of what is searched for, in the order of their idents',
        description: `Parts between spaces, or in double quotes: ${TAKES}. Where an index is configured it is asked, which follows within seconds; else the registry is looked through, device by device.`,
        querystring: Type.Object(
          {
            q: Type.String({
              minLength: 1,
              maxLength: 1_000,
              description: TAKES,
              examples: ['van interval=60 near:48.85,2.35,5 silent:1d'],
            }),
            ...pageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: SearchResult, ...problems(400, 503) },
      },
    },
    async ({ account, query: { q, limit = DEFAULT_PAGE, cursor } }) => {
      const { devices, next } = await find(searched(q), {
        domain: account.domain ?? undefined,
        after: cursor,
        limit,
        now: parts.clock.now(),
      });
      return { devices: await Promise.all(devices.map(given)), next };
    },
  );

  async function find(query: DeviceSearch, page: Parameters<ApiParts['search']['find']>[1]): Promise<Found> {
    try {
      return await parts.search.find(query, page);
    } catch (error) {
      if (!(error instanceof SearchUnavailable)) throw error;
      parts.log.warn({ why: error.message }, 'the index of devices cannot be asked');
      throw new Problem(503, 'the index of devices cannot be asked now');
    }
  }

  async function given({ device, place, lastSeen }: FoundDevice) {
    return {
      device: await deviceGiven(parts.presence, device),
      place: place && { lat: place.lat, lon: place.lon, time: isoDate(place.time) },
      lastSeen: dateOrNull(lastSeen),
    };
  }
}

function searched(q: string): DeviceSearch {
  try {
    return parseSearch(q);
  } catch (error) {
    if (error instanceof SearchSyntaxError) throw badField('q', q, `${TAKES} (${error.message})`);
    throw error;
  }
}
