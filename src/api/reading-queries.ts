/** What is asked of readings: pages of them, or streams in a format, of one device or of many. */
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import type { Device } from '../devices/device.js';
import { FORMATS, type FormatName } from '../exports/format.js';
import { writeExport } from '../exports/write.js';
import { pageOfReadings, queryReadings } from '../queries/readings.js';
import { DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { DeviceReadingsPage, deviceEntryGiven, entryGiven, ReadingsPage } from './reading-given.js';
import { ALL_FORMATS, type Asked, asked, checkSources, explained, readingQuery } from './reading-query.js';
import { problems } from './responses.js';

/** Devices in one query at the most. */
export const MAX_DEVICES = 100;

const description =
  'Without a format a page; with one a stream of all of them, in constant memory however many they are. ' +
  'Of a stream that breaks off before its end the last chunk is missing, so that it is not taken for whole.';

/** Queries of readings. */
export function addReadingQueries(app: Api, parts: ApiParts): void {
  const { series, exports } = parts;
  const tags = ['readings'];

  app.get(
    '/api/devices/:device/readings',
    {
      schema: {
        tags,
        summary: 'Readings of a device, the newest first; from and to are inclusive, a day as to is all of that day',
        description,
        params: DeviceParams,
        querystring: Type.Object(readingQuery, { additionalProperties: false }),
        response: { 200: pagesOrStreams(ReadingsPage), ...problems(400, 404, 503) },
      },
    },
    async ({ account, params, query: given }, reply) => {
      const device = await deviceOf(parts, account, params.device);
      const what = asked(given);
      if (what.format) return stream(reply, what, what.format, [device], false);
      const { entries, next } = await page(what, [device]);
      return { readings: entries.map(entryGiven), next } satisfies ReadingsPage;
    },
  );

  app.get(
    '/api/readings',
    {
      schema: {
        tags,
        summary: 'Readings of one or many devices, all by time, the newest first; from and to are inclusive',
        description,
        querystring: Type.Object(
          {
            device: Type.Array(DeviceParams.properties.device, {
              minItems: 1,
              maxItems: MAX_DEVICES,
              description: `UUIDs or idents of devices, the parameter once for each of 1 to ${MAX_DEVICES}`,
              examples: [['imei:490154203237518']],
            }),
            ...readingQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: pagesOrStreams(DeviceReadingsPage), ...problems(400, 404, 503) },
      },
    },
    async ({ account, query: { device: named, ...given } }, reply) => {
      const what = asked(given);
      const found = await Promise.all([...new Set(named)].map((one) => deviceOf(parts, account, one)));
      const devices = [...new Map(found.map((device) => [device.id, device])).values()];
      checkSources(devices.length, what.query.types.length);
      if (what.format) return stream(reply, what, what.format, devices, true);
      const { entries, next } = await page(what, devices);
      const known = new Map(devices.map((device) => [device.id, device]));
      const readings = entries.flatMap((entry) => {
        const device = known.get(entry.device);
        return device ? [deviceEntryGiven(entry, device)] : [];
      });
      return { readings, next } satisfies DeviceReadingsPage;
    },
  );

  async function page({ query, limit, cursor }: Asked, devices: readonly Device[]) {
    try {
      const ids = devices.map(({ id }) => id);
      return await pageOfReadings(series, { ...query, devices: ids }, { limit, after: cursor });
    } catch (error) {
      throw explained(error);
    }
  }

  function stream(
    reply: FastifyReply,
    { query, limit }: Asked,
    format: FormatName,
    of: readonly Device[],
    devices: boolean,
  ) {
    const { fields, downsample } = query;
    const pieces = writeExport({
      ...{ format, of, limit, devices, fields, periods: downsample !== undefined },
      entries: (ids) => queryReadings(series, { ...query, devices: ids }),
    });
    return exports.send(reply, { name: 'readings', format, contentType: FORMATS[format].contentType, pieces });
  }
}

/** JSON of a page, or the text of a stream. */
export function pagesOrStreams(page: object, formats: readonly FormatName[] = ALL_FORMATS) {
  const streams = formats.map((format) => [FORMATS[format].contentType, { schema: { type: 'string' } }]);
  return {
    description: 'JSON, or a stream in the format that was asked for',
    content: { 'application/json': { schema: page }, ...Object.fromEntries(streams) },
  };
}
