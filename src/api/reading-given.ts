/** Readings as the API gives them. */
import { type Static, Type } from 'typebox';
import type { Device } from '../devices/device.js';
import { jsonOf } from '../queries/json.js';
import type { Entry } from '../queries/readings.js';
import type { Reading } from '../series/series.js';
import { DateGiven, isoDate } from './dates.js';
import { Next } from './pages.js';

export const Data = Type.Unknown({
  description: 'any JSON: a location is {lat, lon, spd?, alt?} or {sat}, a text a string',
});

const id = Type.String({ format: 'uuid', description: 'tells it from all others of its device and type' });

export const ReadingGiven = Type.Object(
  { time: DateGiven, type: Type.String(), data: Data, id },
  {
    $id: 'Reading',
    examples: [
      {
        time: '2026-11-20T12:30:00.000Z',
        type: 'sen:loc',
        data: { lat: 48.8566, lon: 2.3522, spd: 50 },
        id: 'b7a0f900-c60d-11f0-8000-0242ac120002',
      },
    ],
  },
);
export type ReadingGiven = Static<typeof ReadingGiven>;

const entry = {
  time: Type.String({ ...DateGiven, description: 'of a period its beginning' }),
  type: Type.String(),
  data: Data,
  id: Type.Optional(id),
  count: Type.Optional(Type.Integer({ description: 'of a period: how many readings it is computed from' })),
};
const examples = [
  { time: '2026-11-20T12:30:00.000Z', type: 'sen:temp', data: 21.5, id: 'b7a0f900-c60d-11f0-8000-0242ac120002' },
  { time: '2026-11-20T12:00:00.000Z', type: 'sen:temp', data: 20.75, count: 4 },
];

/** A reading, or what those of a period come to. */
export const EntryGiven = Type.Object(entry, { $id: 'ReadingOrPeriod', examples });
export type EntryGiven = Static<typeof EntryGiven>;

const device = '0190b6d4-58e4-5a2f-a57c-53d6a8a06bb3';

/** The same with its device. */
export const DeviceEntryGiven = Type.Object(
  { device: Type.String({ format: 'uuid' }), ident: Type.String(), ...entry },
  {
    $id: 'DeviceReadingOrPeriod',
    examples: examples.map((one) => ({ device, ident: 'imei:490154203237518', ...one })),
  },
);
export type DeviceEntryGiven = Static<typeof DeviceEntryGiven>;

export const ReadingsPage = Type.Object({ readings: Type.Array(EntryGiven), next: Next });
export type ReadingsPage = Static<typeof ReadingsPage>;

export const DeviceReadingsPage = Type.Object({ readings: Type.Array(DeviceEntryGiven), next: Next });
export type DeviceReadingsPage = Static<typeof DeviceReadingsPage>;

export function readingGiven({ time, type, data, uuid }: Reading): ReadingGiven {
  return { time: isoDate(time), type, data: jsonOf(data), id: uuid };
}

export function entryGiven({ time, type, data, uuid, count }: Entry): EntryGiven {
  return {
    time: isoDate(time),
    type,
    data: jsonOf(data),
    ...(uuid !== null && { id: uuid }),
    ...(count !== null && { count }),
  };
}

export function deviceEntryGiven(entry: Entry, { id, ident }: Pick<Device, 'id' | 'ident'>): DeviceEntryGiven {
  return { device: id, ident, ...entryGiven(entry) };
}
