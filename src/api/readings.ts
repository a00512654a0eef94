import { type Static, Type } from 'typebox';
import { type Device, seriesOf } from '../devices/device.js';
import { jsonText, MAX_DEPTH } from '../queries/json.js';
import { formatUuid, MAX_TIME, MIN_TIME, parseUuid, uuidTime } from '../series/time-uuid.js';
import { DateGiven, DateText, isoDate, parseDate } from './dates.js';
import { changeableDeviceOf, DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound, Problem } from './problem.js';
import { Data } from './reading-given.js';
import { ReadingType } from './reading-query.js';
import { problems } from './responses.js';

/** Readings in one request at the most, and characters of one's data as JSON. */
export const MAX_READINGS = 1_000;
export const MAX_DATA = 65_536;

const ReadingToStore = Type.Object(
  { type: ReadingType, time: Type.Optional(DateText), data: Data },
  { additionalProperties: false, examples: [{ type: 'sen:temp', time: '2026-11-20T12:30:00.000Z', data: 21.5 }] },
);
type ReadingToStore = Static<typeof ReadingToStore>;

const ReadingsToStore = Type.Object(
  { readings: Type.Array(ReadingToStore, { minItems: 1, maxItems: MAX_READINGS }) },
  { additionalProperties: false },
);

const range = {
  type: Type.Optional(ReadingType),
  from: Type.Optional(DateText),
  to: Type.Optional(DateText),
};

/** Dated values of devices. */
export function addReadings(app: Api, parts: ApiParts): void {
  const { series, clock, durability, live } = parts;
  const tags = ['readings'];
  const url = '/api/devices/:device/readings';

  app.post(
    url,
    {
      schema: {
        tags,
        summary: `Store a reading, or up to ${MAX_READINGS}; without a time it is dated now`,
        description:
          "Sent again with its time it is the same reading. Types that begin with _ are the gateway's own. " +
          `Data is any JSON of at most ${MAX_DATA} characters and ${MAX_DEPTH} levels.`,
        params: DeviceParams,
        body: Type.Union([ReadingsToStore, ReadingToStore], {
          description: `an object {type, time?, data}, or {readings: [...]} of 1 to ${MAX_READINGS} of them`,
          examples: [{ type: 'sen:temp', time: '2026-11-20T12:30:00.000Z', data: 21.5 }],
        }),
        response: {
          201: Type.Object({
            readings: Type.Array(
              Type.Object({ time: DateGiven, type: Type.String(), id: Type.String({ format: 'uuid' }) }),
            ),
          }),
          ...problems(400, 404, 409, 413, 415, 503),
        },
      },
    },
    async ({ account, params, body }, reply) => {
      const device = await changeableDeviceOf(parts, account, params.device);
      const readings = 'readings' in body ? body.readings : [body];
      const stored = await store(device, readings);
      reply.code(201);
      return { readings: stored };
    },
  );

  app.delete(
    url,
    {
      schema: {
        tags,
        summary: 'Delete the readings of a range, for good; all=true where neither type, from nor to limits it',
        params: DeviceParams,
        querystring: Type.Object(
          { ...range, all: Type.Optional(Type.Boolean({ description: 'true: all readings of the device' })) },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null({ description: 'They are deleted' }), ...problems(400, 404, 503) },
      },
    },
    async ({ account, params, query: { type, from, to, all } }, reply) => {
      if (type === undefined && from === undefined && to === undefined && all !== true)
        throw new Problem(400, 'type, from, to: none is given; all=true deletes all readings of the device');
      const { id } = await deviceOf(parts, account, params.device);
      const first = from === undefined ? MIN_TIME : parseDate('from', from);
      const last = to === undefined ? MAX_TIME : parseDate('to', to, true);
      await series.deleteRange(seriesOf(id), type, first, last);
      reply.code(204);
      return null;
    },
  );

  app.delete(
    `${url}/:id`,
    {
      schema: {
        tags,
        summary: 'Delete one reading, for good',
        params: Type.Object({
          ...DeviceParams.properties,
          id: Type.String({ minLength: 1, maxLength: 36, description: 'the id of a reading' }),
        }),
        querystring: Type.Object({ type: ReadingType }, { additionalProperties: false }),
        response: { 204: Type.Null({ description: 'It is deleted' }), ...problems(400, 404, 503) },
      },
    },
    async ({ account, params, query: { type } }, reply) => {
      const device = await deviceOf(parts, account, params.device);
      if (!(await exists(device, type, params.id))) throw notFound('id', params.id, `reading of type ${type} and id`);
      await series.deleteReading(seriesOf(device.id), type, params.id);
      reply.code(204);
      return null;
    },
  );

  /** All or none of them are handed over; resolves when they are durable. */
  async function store(device: Device, readings: readonly ReadingToStore[]) {
    const now = clock.now();
    const writes = readings.map(({ type, time, data }, i) => {
      const field = readings.length > 1 ? `readings.${i}.` : '';
      if (type.startsWith('_')) throw badField(`${field}type`, type, 'a type that does not begin with _');
      const text = jsonText(data);
      if (text === null || text.length > MAX_DATA)
        throw badField(`${field}data`, '…', `JSON of at most ${MAX_DATA} characters and ${MAX_DEPTH} levels`);
      const dated = time === undefined ? null : parseDate(`${field}time`, time);
      if (dated !== null && (dated < MIN_TIME || dated > MAX_TIME))
        throw badField(`${field}time`, time, `a date from ${isoDate(MIN_TIME)} to ${isoDate(MAX_TIME)}`);
      return series.prepare(seriesOf(device.id), { type, time: dated, data: text }, now);
    });
    await durability.write(writes);
    if (live.wanted()) for (const write of writes) live.stored(device, write);
    return writes.map(({ time, type }) => ({ time: isoDate(uuidTime(time)), type, id: formatUuid(time) }));
  }

  async function exists(device: Device, type: string, id: string): Promise<boolean> {
    const uuid = parseUuid(id);
    if (!uuid) return false;
    const time = uuidTime(uuid);
    for await (const reading of series.read({ id: seriesOf(device.id), type, from: time, to: time, order: 'oldest' }))
      if (reading.uuid === id.toLowerCase()) return true;
    return false;
  }
}
