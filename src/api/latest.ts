import { type Static, Type } from 'typebox';
import { seriesOf } from '../devices/device.js';
import { FORMATS } from '../exports/format.js';
import { jsonList } from '../exports/json.js';
import { writeEntries } from '../exports/write.js';
import { latestOfDevices } from '../queries/latest.js';
import { DateGiven, DateText, isoDate, parseDate } from './dates.js';
import { DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { DeviceEntryGiven, ReadingGiven, readingGiven } from './reading-given.js';
import { pagesOrStreams } from './reading-queries.js';
import { parseBox, parseFields, ReadingType, readingQuery } from './reading-query.js';
import { problems } from './responses.js';

export const LatestList = Type.Object({
  latest: Type.Array(
    Type.Object({
      ...ReadingGiven.properties,
      received: Type.String({ ...DateGiven, description: 'when it arrived' }),
    }),
  ),
});
export type LatestList = Static<typeof LatestList>;

export const LatestOfAll = Type.Object({
  latest: Type.Array(Type.Object({ ...DeviceEntryGiven.properties, name: Type.Union([Type.String(), Type.Null()]) })),
});
export type LatestOfAll = Static<typeof LatestOfAll>;

const formats = { json: jsonList('latest'), ndjson: FORMATS.ndjson, csv: FORMATS.csv, geojson: FORMATS.geojson };

/** The last value of each type of a device, and of one type of each device. */
export function addLatest(app: Api, parts: ApiParts): void {
  const { series, clock, exports } = parts;
  const tags = ['readings'];
  const rule = 'newest reading of each type by its own date, those dated in the future left out';

  app.get(
    '/api/devices/:device/latest',
    {
      schema: {
        tags,
        summary: `The ${rule}`,
        params: DeviceParams,
        response: { 200: LatestList, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => {
      const { id } = await deviceOf(parts, account, params.device);
      const latest = await series.latestOfEach(seriesOf(id), clock.now());
      return { latest: latest.map((reading) => ({ ...readingGiven(reading), received: isoDate(reading.received) })) };
    },
  );

  app.get(
    '/api/latest',
    {
      schema: {
        tags,
        summary: 'The newest reading of one type of every device, by default of its location: for a map of all',
        description: 'All of them in one answer, in the order of the idents of the devices, streamed.',
        querystring: Type.Object(
          {
            type: Type.Optional(Type.String({ ...ReadingType, default: 'sen:loc' })),
            from: Type.Optional(DateText),
            fields: readingQuery.fields,
            bbox: readingQuery.bbox,
            format: Type.Optional(Type.Enum(['json', 'ndjson', 'csv', 'geojson'], { default: 'json' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: pagesOrStreams(LatestOfAll, ['ndjson', 'csv', 'geojson']), ...problems(400, 503) },
      },
    },
    async ({ account, query: { type = 'sen:loc', from, fields: named, bbox, format = 'json' } }, reply) => {
      const fields = named === undefined ? undefined : parseFields(named);
      const batches = latestOfDevices(parts, {
        type,
        domain: account.domain ?? undefined,
        from: from === undefined ? undefined : parseDate('from', from),
        fields,
        area: bbox === undefined ? undefined : parseBox(bbox),
        now: clock.now(),
      });
      const pieces = writeEntries(formats[format], { devices: true, fields, periods: false }, batches);
      return exports.send(reply, { name: 'latest', format, contentType: formats[format].contentType, pieces });
    },
  );
}
