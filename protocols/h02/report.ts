/** A location of a device, from text or packet, as readings. */
import { isBuffered } from '../clock.js';
import type { DeviceDate } from '../device-date.js';
import { coordinatesProblem, fixData } from '../location.js';
import type { NewReading, Oddity } from '../protocol.js';
import { hexJson, INVALID } from '../raw.js';

/** Where a device is, as it says it: knots, degrees. */
export interface Place {
  readonly lat: number;
  readonly lon: number;
  readonly valid: boolean;
  readonly knots: number | null;
  readonly head: number | null;
}

/** Values by type, as JSON text. */
export type Values = readonly (readonly [type: string, data: string])[];

/** What there is beside the date. */
export interface Parts {
  /** Null: it does not say where it is. */
  readonly place: Place | null;
  /** 32 bits, null: none. */
  readonly status: number | null;
  readonly values: Values;
  /** What is not understood, null: nothing. */
  readonly rest: Buffer | null;
  /** All of it, as it came. */
  readonly raw: Buffer;
}

export interface Report {
  /** UNIX ms, or null: a date that cannot be, and it is dated when it arrives. */
  readonly time: number | null;
  readonly readings: readonly NewReading[];
  /** What is odd about it, for a person. */
  readonly problems: readonly { readonly what: Oddity; readonly why: string }[];
}

export function reportOf({ time, odd }: DeviceDate, { place, status, values, rest, raw }: Parts, now: number): Report {
  const readings: NewReading[] = [];
  const add = (type: string, data: string) => readings.push({ type, time, data, listed: null });
  const problems: { what: Oddity; why: string }[] = odd === null ? [] : [odd];
  const wrong = place && coordinatesProblem(place.lat, place.lon);
  if (wrong) problems.push({ what: 'invalid_location', why: wrong });
  if (place && wrong) add(INVALID, hexJson(raw));
  else if (place) add('sen:loc', locationData(place));
  if (status !== null) for (const [type, data] of statusValues(status)) add(type, data);
  for (const [type, data] of values) add(type, data);
  if (time !== null && isBuffered(time, now)) add('sen:buffered', 'true');
  if (rest !== null) add('raw:rest', hexJson(rest));
  return { time, readings, problems };
}

/** Without a fix, zeros are no place. */
function locationData({ lat, lon, valid, knots, head }: Place): string {
  if (!valid && lat === 0 && lon === 0) return JSON.stringify({ valid });
  const spd = knots === null ? {} : { spd: Math.round(knots * KMH_A_KNOT * 10) / 10 };
  return fixData({ lat: round(lat), lon: round(lon), ...spd, ...(head !== null && { head }), valid });
}

/** Seven decimals tell all values apart; what is behind them is of the division. */
function round(degrees: number): number {
  return Math.round(degrees * 1e7) / 1e7 + 0;
}

const IGNITION = 1 << 10;

/** A bit of 0 is an alarm; bit 10 is the ignition. All of it is kept, as firmwares have bits of their own. */
function statusValues(status: number): Values {
  const alarms = ALARMS.filter(([bits]) => bits.some((bit) => ((status >>> bit) & 1) === 0)).map(([, name]) => name);
  return [
    ['sen:ignition', (status & IGNITION) !== 0 ? 'true' : 'false'],
    ...(alarms.length > 0 ? [['sen:alarm', JSON.stringify(alarms)] as const] : []),
    ['sen:status_bits', JSON.stringify((status >>> 0).toString(16).padStart(8, '0'))],
  ];
}

const ALARMS: readonly (readonly [bits: readonly number[], name: string])[] = [
  [[0], 'vibration'],
  [[1, 18], 'sos'],
  [[2], 'overspeed'],
  [[19], 'power_cut'],
];

/** 7 to 100 are per cent, 1 to 6 steps of the display; others say nothing. */
export function batteryValue(battery: number): Values {
  if (battery >= 7 && battery <= 100) return [['sen:battery_level', String(battery)]];
  return battery >= 1 && battery <= 6 ? [['sen:battery_steps', String(battery)]] : [];
}

export const KMH_A_KNOT = 1.852;
