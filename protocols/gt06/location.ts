/** The content of locations and alarms: date, place, cell, and what the kind of packet adds. */
import { Parser } from 'binary-parser';
import { moment } from '../bcd.js';
import { isBuffered } from '../clock.js';
import { deviceDate } from '../device-date.js';
import { coordinatesProblem, fixData } from '../location.js';
import type { Location, NewReading, Oddity } from '../protocol.js';
import { hexJson, INVALID, rawType } from '../raw.js';
import { ALARMS, EXTENDED_LOCATION, numberText } from './numbers.js';
import { alarmReadings, readState, STATE_BYTES } from './state.js';

/** Bytes of date and place, which every location has. */
export const LOCATION_BYTES = 18;
/** Degrees are counted in 1/30,000 of a minute. */
const DEGREE = 1_800_000;
const FLAG = {
  course: 0x03ff,
  north: 1 << 10,
  west: 1 << 11,
  fix: 1 << 12,
  hasIgnition: 1 << 14,
  ignition: 1 << 15,
} as const;

const layout = new Parser()
  .endianness('big')
  .uint8('year')
  .uint8('month')
  .uint8('day')
  .uint8('hour')
  .uint8('minute')
  .uint8('second')
  .uint8('sat')
  .uint32('lat')
  .uint32('lon')
  .uint8('spd')
  .uint16('flags');
const cellLayout = new Parser().endianness('big').uint16('mcc').uint8('mnc').uint16('lac').bit24('cid');
/** Where the highest bit of the country is set the network has two bytes. */
const wideCellLayout = new Parser().endianness('big').uint16('mcc').uint16('mnc').uint16('lac').bit24('cid');
const WIDE = 0x80;
const CELL_BYTES = 8;

/** What a location says. */
export interface Record {
  /** UNIX ms, or null: a date that cannot be, and it is dated when it arrives. */
  readonly time: number | null;
  readonly readings: readonly NewReading[];
  /** What is odd about parts of it, for a person. */
  readonly problems: readonly { readonly what: Oddity; readonly why: string }[];
}

/** The record of a packet's content, or null: it is too short for one. `clockOffset` is in minutes ahead of UTC. */
export function readRecord(protocol: number, content: Buffer, clockOffset: number, now: number): Record | null {
  if (content.length < LOCATION_BYTES) return null;
  const fields = layout.parse(content);
  const { year, month, day, hour, minute, second, flags } = fields;
  const shown = content.toString('hex', 0, 6);
  const { time, odd } = deviceDate(moment(year, month, day, hour, minute, second), clockOffset, now, shown);
  const readings: NewReading[] = [];
  const add = (type: string, data: string) => readings.push({ type, time, data, listed: null });
  const problems: { what: Oddity; why: string }[] = odd === null ? [] : [odd];

  const lat = ((flags & FLAG.north ? 1 : -1) * fields.lat) / DEGREE;
  const lon = ((flags & FLAG.west ? -1 : 1) * fields.lon) / DEGREE;
  const sat = fields.sat & 0x0f;
  const valid = (flags & FLAG.fix) !== 0;
  const wrong = coordinatesProblem(lat, lon);
  if (wrong !== null) {
    add(INVALID, hexJson(content));
    problems.push({ what: 'invalid_location', why: wrong });
  } else if (!valid && fields.lat === 0 && fields.lon === 0) add('sen:loc', JSON.stringify({ sat, valid }));
  else
    add(
      'sen:loc',
      fixData({ lat: round(lat), lon: round(lon), spd: fields.spd, head: flags & FLAG.course, sat, valid }),
    );
  if (flags & FLAG.hasIgnition) add('sen:ignition', flags & FLAG.ignition ? 'true' : 'false');

  const rest = readRest(protocol, content, add);
  const saysSo = readings.some(({ type }) => type === BUFFERED);
  if (!saysSo && time !== null && isBuffered(time, now)) add(BUFFERED, 'true');
  if (rest < content.length) add(rawType(numberText(protocol)), hexJson(content.subarray(rest)));
  return { time, readings, problems };
}

/** Seven decimals tell all values apart; what is behind them is of the division. */
function round(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7;
}

type Add = (type: string, data: string) => void;

/** Reads what is behind the place; gives the place of the first byte that is not understood. */
function readRest(protocol: number, content: Buffer, add: Add): number {
  if (ALARMS.has(protocol)) return readAlarm(content, add);
  const at = readCell(content, LOCATION_BYTES, content.length, add);
  return protocol === EXTENDED_LOCATION ? readExtension(content, at, add) : at;
}

function readAlarm(content: Buffer, add: Add): number {
  const counted = content[LOCATION_BYTES];
  if (counted === undefined) return LOCATION_BYTES;
  // The length counts itself.
  const end = LOCATION_BYTES + Math.max(1, counted);
  if (content.length < end + STATE_BYTES) return LOCATION_BYTES;
  if (readCell(content, LOCATION_BYTES + 1, end, add) !== end && end > LOCATION_BYTES + 1)
    add('raw:cell', hexJson(content.subarray(LOCATION_BYTES + 1, end)));
  const state = readState(content.subarray(end));
  for (const [type, data] of [...state.values, ...alarmReadings(state)]) add(type, data);
  return end + STATE_BYTES;
}

function readCell(content: Buffer, at: number, end: number, add: Add): number {
  const wide = ((content[at] ?? 0) & WIDE) !== 0;
  const behind = at + CELL_BYTES + (wide ? 1 : 0);
  if (behind > end) return at;
  const { mcc, mnc, lac, cid } = (wide ? wideCellLayout : cellLayout).parse(content.subarray(at, behind));
  if (mcc !== 0 || lac !== 0 || cid !== 0) add('sen:cell', JSON.stringify({ mcc: mcc & 0x7fff, mnc, lac, cid }));
  return behind;
}

/** `acc:u8`, `mode:u8`, `buffered:u8`, and perhaps `mileage:u32` in metres. */
function readExtension(content: Buffer, at: number, add: Add): number {
  if (at === LOCATION_BYTES || content.length < at + 3) return at;
  add('sen:ignition', content[at] === 1 ? 'true' : 'false');
  add('sen:upload_mode', String(content[at + 1]));
  // A reading of its own: the location that came before without it is the same then, and is stored once.
  if (content[at + 2] === 1) add(BUFFERED, 'true');
  if (content.length < at + 7) return at + 3;
  add('sen:odometer', String(content.readUInt32BE(at + 3)));
  return at + 7;
}

/** The content of a location with ignition, by UTC; altitudes have no place in it. Throws RangeError off the years 2000 to 2099. */
export function recordContent(location: Location): Buffer {
  const date = new Date(location.time);
  const year = date.getUTCFullYear() - 2000;
  if (!(year >= 0 && year <= 99))
    throw new RangeError(`Invalid time: ${location.time}, expected the years 2000 to 2099`);
  const content = Buffer.alloc(LOCATION_BYTES + CELL_BYTES + 3);
  const day = [year, date.getUTCMonth() + 1, date.getUTCDate()];
  Buffer.of(...day, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()).copy(content);
  content[LOCATION_BYTES + CELL_BYTES] = 1;
  if ('sat' in location) {
    content[6] = 0xc0 | Math.min(15, location.sat);
    return content;
  }
  const { lat, lon, spd = 0 } = location;
  content[6] = 0xc0 | SIMULATED_SATELLITES;
  content.writeUInt32BE(Math.round(Math.abs(lat) * DEGREE), 7);
  content.writeUInt32BE(Math.round(Math.abs(lon) * DEGREE), 11);
  content[15] = Math.max(0, Math.min(255, Math.round(spd)));
  content.writeUInt16BE(FLAG.fix | (lat < 0 ? 0 : FLAG.north) | (lon < 0 ? FLAG.west : 0), 16);
  return content;
}

const BUFFERED = 'sen:buffered';
const SIMULATED_SATELLITES = 9;
