/**
 * The body of `0200`, which stands in `0704` and others as well: alarms, status, where and when, then items, each an id,
 * a length and a value.
 */
import { Parser } from 'binary-parser';
import { digitsOf, momentOf, readDigits, writeDigits } from '../bcd.js';
import { isBuffered } from '../clock.js';
import { deviceDate } from '../device-date.js';
import { coordinatesProblem, type Fix, fixData } from '../location.js';
import type { Location, NewReading, Oddity } from '../protocol.js';
import { hexJson } from '../raw.js';

/** Bytes before the items. */
export const LOCATION_BYTES = 28;

const layout = new Parser()
  .endianness('big')
  .uint32('alarm')
  .uint32('status')
  .uint32('lat')
  .uint32('lon')
  .int16('alt')
  .uint16('spd')
  .uint16('head')
  .buffer('time', { length: 6 });

/** Bits of the status. */
const STATUS = { ignition: 1, fix: 1 << 1, south: 1 << 2, west: 1 << 3 } as const;
/** Those that are stored as values of their own, when they are on and when they went off. */
const SWITCHES: readonly (readonly [bit: number, type: string])[] = [
  [1 << 10, 'sen:oil_cut'],
  [1 << 11, 'sen:power_cut'],
  [1 << 12, 'sen:door_locked'],
];
/** Degrees are millionths, 45.123456 being 45123456. */
const DEGREE = 1_000_000;

/** Names of the alarms, by bit. */
const ALARMS: readonly string[] = [
  'sos',
  'overspeed',
  'fatigue',
  'danger',
  'gnss_fault',
  'gnss_antenna_cut',
  'gnss_antenna_short',
  'low_power',
  'power_off',
  'display_fault',
  'tts_fault',
  'camera_fault',
  'card_reader_fault',
  'overspeed_warning',
  'fatigue_warning',
  'bit15',
  'bit16',
  'bit17',
  'driving_too_long',
  'parking_too_long',
  'area',
  'route',
  'route_time',
  'off_route',
  'vss_fault',
  'fuel',
  'stolen',
  'ignition_illegal',
  'moved_illegally',
  'collision_warning',
  'rollover_warning',
  'door_illegal',
];

/** What a record says. */
export interface Record {
  /** UNIX ms, or null: a date that cannot be, and it is dated when it arrives. */
  readonly time: number | null;
  readonly readings: readonly NewReading[];
  /** Bits of the switches, to tell which went off by the next record. */
  readonly switches: number;
  /** What is odd about parts of it, for a person. */
  readonly problems: readonly { readonly what: Oddity; readonly why: string }[];
}

/** What is to be known to read a record. */
export interface RecordFacts {
  /** Minutes that the device's clock is ahead of UTC. */
  readonly clockOffset: number;
  /** UNIX ms. */
  readonly now: number;
  /** Whether the device kept it: it was in a blind area. */
  readonly buffered: boolean;
  /** The switches of the record before, on this connection. */
  readonly before: number;
}

/** The record of a body, or null: it is too short for one. */
export function readRecord(body: Buffer, { clockOffset, now, buffered, before }: RecordFacts): Record | null {
  if (body.length < LOCATION_BYTES) return null;
  const fields = layout.parse(body);
  const { alarm, status } = fields;
  const local = readDigits(fields.time, 0, 6);
  const shown = fields.time.toString('hex');
  const { time, odd } = deviceDate(local === null ? null : momentOf(local), clockOffset, now, shown);
  const readings: NewReading[] = [];
  const add = (type: string, data: string) => readings.push({ type, time, data, listed: null });

  const items = readItems(body.subarray(LOCATION_BYTES));
  const lat = ((status & STATUS.south ? -1 : 1) * fields.lat) / DEGREE;
  const lon = ((status & STATUS.west ? -1 : 1) * fields.lon) / DEGREE;
  const wrong = coordinatesProblem(lat, lon);
  const valid = (status & STATUS.fix) !== 0;
  const sat = items.sat;
  if (wrong === null && (valid || lat !== 0 || lon !== 0)) {
    const fix: Fix = { lat, lon, spd: fields.spd / 10, alt: fields.alt, head: fields.head, valid };
    add('sen:loc', fixData({ ...fix, ...(sat !== null && { sat }) }));
  } else if (wrong === null && sat !== null) add('sen:loc', JSON.stringify({ sat, valid }));
  else if (wrong !== null) add('_invalid', hexJson(body));

  // A reading of its own: the location that came before without it is the same then, and is stored once.
  if (buffered || (time !== null && isBuffered(time, now))) add('sen:buffered', 'true');
  add('sen:ignition', (status & STATUS.ignition) !== 0 ? 'true' : 'false');
  for (const [bit, type] of SWITCHES)
    if (((status | before) & bit) !== 0) add(type, (status & bit) !== 0 ? 'true' : 'false');
  if (alarm !== 0) add('sen:alarm', JSON.stringify(ALARMS.filter((_, bit) => ((alarm >>> bit) & 1) !== 0)));
  for (const [type, data] of items.values) add(type, data);

  const problems: { what: Oddity; why: string }[] = odd === null ? [] : [odd];
  if (wrong !== null) problems.push({ what: 'invalid_location', why: wrong });
  if (items.rest > 0)
    problems.push({ what: 'malformed', why: `${items.rest} bytes behind the last item that is whole, kept` });
  return { time, readings, switches: status, problems };
}

interface Items {
  readonly values: readonly (readonly [type: string, data: string])[];
  readonly sat: number | null;
  /** Bytes behind the last item that is whole. */
  readonly rest: number;
}

/** An item that is not known, or not as long as it should be, is kept raw. */
function readItems(bytes: Buffer): Items {
  const values: [string, string][] = [];
  let sat: number | null = null;
  let at = 0;
  while (at + 2 <= bytes.length) {
    const id = bytes[at] ?? 0;
    const length = bytes[at + 1] ?? 0;
    if (at + 2 + length > bytes.length) break;
    const value = bytes.subarray(at + 2, at + 2 + length);
    const known = ITEMS.get(id);
    if (id === SATELLITES && length === 1) sat = value[0] ?? 0;
    else if (known !== undefined && known.length === length) values.push(...known.read(value));
    else values.push([`item:${id.toString(16).padStart(2, '0')}`, hexJson(value)]);
    at += 2 + length;
  }
  const rest = bytes.length - at;
  if (rest > 0) values.push(['_invalid', hexJson(bytes.subarray(at))]);
  return { values, sat, rest };
}

const SATELLITES = 0x31;

interface Item {
  readonly length: number;
  readonly read: (value: Buffer) => [type: string, data: string][];
}

/** Items by id, with the types and units of the documented table. */
const ITEMS: ReadonlyMap<number, Item> = new Map<number, Item>([
  [0x01, { length: 4, read: (value) => [['sen:odometer', String(value.readUInt32BE() * 100)]] }],
  [0x02, { length: 2, read: (value) => [['sen:fuel', String(value.readUInt16BE() / 10)]] }],
  [0x03, { length: 2, read: (value) => [['sen:speed', String(value.readUInt16BE() / 10)]] }],
  [0x25, { length: 4, read: (value) => [['sen:signals', String(value.readUInt32BE())]] }],
  [0x2a, { length: 2, read: (value) => [['sen:io', String(value.readUInt16BE())]] }],
  [
    0x2b,
    {
      length: 4,
      read: (value) => [
        ['sen:adc:0', String(value.readUInt16BE(2))],
        ['sen:adc:1', String(value.readUInt16BE(0))],
      ],
    },
  ],
  [0x30, { length: 1, read: (value) => [['sen:gsm', String(value[0] ?? 0)]] }],
]);

/** The body of a location, by a clock so many minutes ahead of UTC. Throws RangeError for a date that is none. */
export function recordBody(location: Location, clockOffset: number): Buffer {
  const body = Buffer.alloc(LOCATION_BYTES);
  writeDigits(digitsOf(location.time + clockOffset * 60_000), 6).copy(body, 22);
  if ('sat' in location) return Buffer.concat([body, Buffer.of(SATELLITES, 1, Math.min(255, location.sat))]);
  const { lat, lon, spd = 0, alt = 0 } = location;
  body.writeUInt32BE(
    (STATUS.ignition | STATUS.fix | (lat < 0 ? STATUS.south : 0) | (lon < 0 ? STATUS.west : 0)) >>> 0,
    4,
  );
  body.writeUInt32BE(Math.round(Math.abs(lat) * DEGREE), 8);
  body.writeUInt32BE(Math.round(Math.abs(lon) * DEGREE), 12);
  body.writeInt16BE(Math.max(-32_768, Math.min(32_767, Math.round(alt))), 16);
  body.writeUInt16BE(Math.max(0, Math.min(65_535, Math.round(spd * 10))), 18);
  return body;
}
