/** Texts `*<maker>,<id>,<kind>,…#`: fields between commas. */
import { momentOf } from '../bcd.js';
import { deviceDate } from '../device-date.js';
import type { Location } from '../protocol.js';
import { batteryValue, KMH_A_KNOT, type Place, type Report, reportOf, type Values } from './report.js';

export interface Text {
  readonly maker: string;
  readonly id: string;
  readonly kind: string;
  /** What is behind the kind. */
  readonly fields: readonly string[];
}

/** The fields of a text, or null: it is none of this form. */
export function readText(raw: Buffer): Text | null {
  const text = raw.toString('latin1', 1, raw.length - 1);
  const [maker = '', id = '', kind = '', ...fields] = text.split(',');
  return PRINTABLE.test(text) && MAKER.test(maker) && KIND.test(kind) ? { maker, id, kind, fields } : null;
}

/** The text of fields, as it is sent. */
export function textOf(maker: string, id: string, ...fields: readonly string[]): Buffer {
  return Buffer.from(`*${[maker, id, ...fields].join(',')}#`, 'latin1');
}

/**
 * What the fields of a location say, or null: they are none. `hhmmss`, A or V, latitude, N or S, longitude, E or W,
 * knots, course, `ddmmyy`, status, and perhaps cell and ICCID. `clockOffset` is in minutes ahead of UTC.
 */
export function readLocation(fields: readonly string[], clockOffset: number, now: number): Report | null {
  if (!isLocation(fields)) return null;
  const [time = '', validity, lat = '', north, lon = '', east, knots = '', course = '', date = '', status = ''] =
    fields;
  const place: Place = {
    lat: degrees(lat) * (north === 'S' ? -1 : 1),
    lon: degrees(lon) * (east === 'W' ? -1 : 1),
    valid: validity === 'A' && lat !== '' && lon !== '',
    knots: number(knots),
    head: number(course),
  };
  const { values, rest } = readRest(fields.slice(10));
  return reportOf(
    deviceDate(moment(date, time), clockOffset, now, `${date} ${time}`),
    {
      place,
      status: STATUS.test(status) ? Number.parseInt(status, 16) : null,
      values,
      rest: STATUS.test(status) || status === '' ? rest : Buffer.from(fields.slice(9).join(',')),
      raw: Buffer.from(fields.join(',')),
    },
    now,
  );
}

/** Whether these are the fields of a location; those of a date may be wrong. */
export function isLocation([time = '', validity = '', lat = '', north = '', lon = '', east = '']: readonly string[]) {
  return TIME.test(time) && /^[ABV]$/.test(validity) && DEGREES.test(lat + lon) && /^[NS][EW]$/.test(north + east);
}

/** `NBR`: the cells in view instead of a place. Null: the fields are none. */
export function readCells(fields: readonly string[], clockOffset: number, now: number): Report | null {
  const [time = '', mcc = '', mnc = '', , count = ''] = fields;
  const numbers = fields.slice(5, 5 + 3 * Number(count)).map(Number);
  const [date = '', status = '', ...rest] = fields.slice(5 + 3 * Number(count));
  if (!TIME.test(time) || !/^\d{1,2}$/.test(count) || !DATE.test(date) || numbers.some(Number.isNaN)) return null;
  const cells = Array.from({ length: Number(count) }, (_, index) => {
    const [lac, cid, signal] = numbers.slice(3 * index);
    return { mcc: Number(mcc), mnc: Number(mnc), lac, cid, signal };
  });
  return reportOf(
    deviceDate(moment(date, time), clockOffset, now, `${date} ${time}`),
    {
      place: null,
      status: STATUS.test(status) ? Number.parseInt(status, 16) : null,
      values: [['sen:cells', JSON.stringify(cells)]],
      rest: rest.length > 0 ? Buffer.from(rest.join(',')) : null,
      raw: Buffer.from(fields.join(',')),
    },
    now,
  );
}

/** `HTBT`: perhaps the battery. */
export function readHeartbeat([battery = '']: readonly string[]): Values {
  return /^\d{1,3}$/.test(battery) ? batteryValue(Number(battery)) : [];
}

/** The fields of a location, by UTC; altitudes have no place in them. */
export function locationFields(location: Location): string[] {
  const [date, time] = dateAndTime(location.time);
  if ('sat' in location) return [time, 'V', '0000.0000', 'N', '00000.0000', 'E', '0.00', '000', date, QUIET];
  const { lat, lon, spd = 0 } = location;
  const knots = (spd / KMH_A_KNOT).toFixed(2);
  const place = [minutes(lat, 2), lat < 0 ? 'S' : 'N', minutes(lon, 3), lon < 0 ? 'W' : 'E'];
  return [time, 'A', ...place, knots, '000', date, QUIET];
}

/** `ddmmyy` and `hhmmss` of a moment in UNIX ms, in UTC. */
export function dateAndTime(time: number): [date: string, time: string] {
  const digits = new Date(time).toISOString().replace(/\D/g, '');
  return [digits.slice(6, 8) + digits.slice(4, 6) + digits.slice(2, 4), digits.slice(8, 14)];
}

/** Country, network, area and cell, and an ICCID, where they stand there; the rest is not understood. */
function readRest(fields: readonly string[]): { values: Values; rest: Buffer | null } {
  const values: [string, string][] = [];
  let left = [...fields];
  const [mcc = '', mnc = '', lac = '', cid = ''] = left;
  if (/^\d{3},\d{1,3},\d{1,5},\d{1,9}$/.test([mcc, mnc, lac, cid].join(','))) {
    left = left.slice(4);
    const cell = { mcc: Number(mcc), mnc: Number(mnc), lac: Number(lac), cid: Number(cid) };
    if (cell.lac !== 0 || cell.cid !== 0) values.push(['sen:cell', JSON.stringify(cell)]);
  }
  const iccid = left.findIndex((field) => /^89\d{16,18}[\dA-F]?$/i.test(field));
  if (iccid !== -1) values.push(['sen:iccid:1', JSON.stringify(left.splice(iccid, 1)[0])]);
  return { values, rest: left.some((field) => field !== '') ? Buffer.from(left.join(',')) : null };
}

function moment(date: string, time: string): number | null {
  return DATE.test(date) ? momentOf(date.slice(4) + date.slice(2, 4) + date.slice(0, 2) + time) : null;
}

/** Degrees of `ddmm.mmmm`, the minutes being the last two digits before the point. */
function degrees(text: string): number {
  const value = Number(text);
  const whole = Math.floor(value / 100);
  return whole + (value - 100 * whole) / 60;
}

function minutes(degrees: number, width: number): string {
  const tenThousandths = Math.round(Math.abs(degrees) * 600_000);
  const whole = Math.floor(tenThousandths / 600_000);
  const rest = ((tenThousandths % 600_000) / 10_000).toFixed(4).padStart(7, '0');
  return String(whole).padStart(width, '0') + rest;
}

function number(text: string): number | null {
  return /^\d+(\.\d*)?$/.test(text) ? Number(text) : null;
}

const PRINTABLE = /^[\x20-\x7e]*$/;
const MAKER = /^[A-Z0-9]{1,4}$/;
const KIND = /^[A-Za-z0-9]{1,10}$/;
const TIME = /^\d{6}$/;
const DATE = /^\d{6}$/;
const STATUS = /^[0-9a-f]{8}$/i;
const DEGREES = /^[\d.]*$/;
/** No alarm, ignition on. */
const QUIET = 'FFFFFFFF';
