import { type Static, Type } from 'typebox';
import { jsonOf } from '../queries/json.js';
import { isObject, numberIn } from '../queries/numbers.js';
import { placeIn } from '../queries/places.js';
import { queryReadings } from '../queries/readings.js';
import { createSimplifier, MAX_POINTS } from '../queries/simplify.js';
import { createTrack, STOP_RULE, type TrackPoint } from '../queries/track.js';
import { DateGiven, DateOrNull, DateText, dateOrNull, isoDate, parseDate } from './dates.js';
import { DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { ReadingType } from './reading-query.js';
import { problems } from './responses.js';

/** Points of a track where the client does not say. */
export const DEFAULT_POINTS = 500;

const Degrees = Type.Number({ examples: [48.8566] });

export const TrackGiven = Type.Object(
  {
    places: Type.Integer({ description: 'readings with a place that it is computed from' }),
    from: DateOrNull,
    to: DateOrNull,
    distance: Type.Number({ description: 'metres over ground from place to place, but for those within a stop' }),
    moving: Type.Number({ description: 'seconds from the first place to the last that it did not stand still' }),
    points: Type.Array(
      Type.Object({
        time: DateGiven,
        lat: Degrees,
        lon: Degrees,
        alt: Type.Optional(Type.Number({ description: 'metres' })),
        spd: Type.Optional(Type.Number({ description: 'km/h' })),
      }),
      { description: 'those of the places that its shape turns on, the first and the last among them' },
    ),
    stops: Type.Array(
      Type.Object({
        from: DateGiven,
        to: DateGiven,
        seconds: Type.Number(),
        lat: Degrees,
        lon: Degrees,
      }),
      { description: 'where it stood, in order of time, the mean of the places in it; the first 1000 of them' },
    ),
    stopCount: Type.Integer({ description: 'how many stops there were' }),
  },
  { $id: 'Track' },
);
export type TrackGiven = Static<typeof TrackGiven>;

interface Point extends TrackPoint {
  readonly alt: number | null;
  readonly spd: number | null;
}

/** The way of a device. */
export function addTrack(app: Api, parts: ApiParts): void {
  app.get(
    '/api/devices/:device/track',
    {
      schema: {
        tags: ['readings'],
        summary: 'The way of a device in a few points, how far it went, how long it moved and where it stopped',
        description:
          'Computed while the readings pass by, in constant memory. A stop is a run of places that lie within ' +
          'stopRadius of its first one, at least stopTime long; a gap in which it said nothing is a move where its ends lie further apart.',
        params: DeviceParams,
        querystring: Type.Object(
          {
            from: Type.Optional(DateText),
            to: Type.Optional(DateText),
            type: Type.Optional(Type.String({ ...ReadingType, default: 'sen:loc' })),
            points: Type.Optional(Type.Integer({ minimum: 2, maximum: MAX_POINTS, default: DEFAULT_POINTS })),
            stopRadius: Type.Optional(
              Type.Integer({
                ...{ minimum: 1, maximum: 10_000, default: STOP_RULE.radius },
                description: 'metres that a device which stands may seem to move, a whole number from 1 to 10000',
              }),
            ),
            stopTime: Type.Optional(
              Type.Integer({
                ...{ minimum: 1, maximum: 86_400, default: STOP_RULE.least / 1_000 },
                description: 'seconds that a stop takes at the least, a whole number from 1 to 86400',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: TrackGiven, ...problems(400, 404) },
      },
    },
    async ({ account, params, query }) => {
      const { from, to, type = 'sen:loc', points = DEFAULT_POINTS } = query;
      const { stopRadius = STOP_RULE.radius, stopTime = STOP_RULE.least / 1_000 } = query;
      const { id } = await deviceOf(parts, account, params.device);
      const track = createTrack({ radius: stopRadius, least: stopTime * 1_000 });
      const simplifier = createSimplifier<Point>(points);
      const readings = queryReadings(parts.series, {
        ...{ devices: [id], types: [type], order: 'oldest' as const },
        from: from === undefined ? undefined : parseDate('from', from),
        to: to === undefined ? undefined : parseDate('to', to, true),
        ...{ fields: undefined, area: undefined, downsample: undefined },
      });
      for await (const batch of readings) {
        for (const { time, data } of batch) {
          const point = pointOf(time, data);
          if (!point) continue;
          track.add(point);
          simplifier.add(point);
        }
      }
      const { stops, moving, distance, ...rest } = track.summary();
      return {
        ...{ ...rest, from: dateOrNull(rest.from), to: dateOrNull(rest.to) },
        distance: Math.round(distance * 10) / 10,
        moving: moving / 1_000,
        points: simplifier.points().map(given),
        stops: stops.map((stop) => ({
          ...{ from: isoDate(stop.from), to: isoDate(stop.to), seconds: (stop.to - stop.from) / 1_000 },
          ...{ lat: stop.lat, lon: stop.lon },
        })),
      };
    },
  );
}

function pointOf(time: number, text: string): Point | null {
  const data = jsonOf(text);
  const place = placeIn(data);
  if (!place || !isObject(data)) return null;
  return { time, ...place, alt: numberIn(data['alt']), spd: numberIn(data['spd']) };
}

function given({ time, lat, lon, alt, spd }: Point) {
  return { time: isoDate(time), lat, lon, ...(alt !== null && { alt }), ...(spd !== null && { spd }) };
}
