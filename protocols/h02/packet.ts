/** The packet of a fixed length: a location in half bytes, by which devices save what texts cost. */
import { Parser } from 'binary-parser';
import { momentOf, readDigits } from '../bcd.js';
import { deviceDate } from '../device-date.js';
import { batteryValue, type Place, type Report, reportOf } from './report.js';

/** Bytes of a packet, and of what some models send behind it. */
export const PACKET_BYTES = 32;
export const TAIL_BYTES = 13;
/** Bytes that are understood; the others are kept as they came. */
const KNOWN_BYTES = 29;

const layout = new Parser()
  .endianness('big')
  .uint8('start')
  .buffer('id', { length: 5 })
  .buffer('time', { length: 3 })
  .buffer('date', { length: 3 })
  .buffer('lat', { length: 4 })
  .uint8('battery')
  .buffer('lon', { length: 5 })
  .buffer('motion', { length: 3 })
  .uint32('status')
  .buffer('rest', { length: PACKET_BYTES - KNOWN_BYTES });

const FLAG = { fix: 1 << 1, north: 1 << 2, east: 1 << 3 } as const;

/** Whether bytes that begin with `$` are a packet: digits stand where digits must. */
export function isPacket(bytes: Buffer): boolean {
  return readDigits(bytes, 1, 15) !== null && readDigits(bytes, 17, 4) !== null && readDigits(bytes, 22, 3) !== null;
}

/** The digits of a packet's sender. */
export function senderOf(packet: Buffer): string {
  return packet.toString('hex', 1, 6);
}

/** What a packet says. `clockOffset` is in minutes ahead of UTC. */
export function readPacket(packet: Buffer, clockOffset: number, now: number): Report {
  const fields = layout.parse(packet);
  const [time, date, lat] = [fields.time, fields.date, fields.lat].map((bytes) => bytes.toString('hex'));
  const lon = fields.lon.toString('hex');
  const motion = fields.motion.toString('hex');
  const flags = Number.parseInt(lon.slice(-1), 16);
  const place: Place = {
    lat: degrees(lat ?? '', 2) * (flags & FLAG.north ? 1 : -1),
    lon: degrees(lon.slice(0, 9), 3) * (flags & FLAG.east ? 1 : -1),
    valid: (flags & FLAG.fix) !== 0,
    knots: Number(motion.slice(0, 3)),
    head: Number(motion.slice(3)),
  };
  const local = momentOf(`${date?.slice(4)}${date?.slice(2, 4)}${date?.slice(0, 2)}${time}`);
  return reportOf(
    deviceDate(local, clockOffset, now, `${date} ${time}`),
    {
      place,
      status: fields.status,
      values: batteryValue(fields.battery),
      rest: fields.rest.some((byte: number) => byte !== 0 && byte !== 0xff) ? fields.rest : null,
      raw: packet,
    },
    now,
  );
}

/** Digits of degrees, then of minutes and their ten-thousandths. */
function degrees(digits: string, width: number): number {
  return Number(digits.slice(0, width)) + Number(digits.slice(width)) / 10_000 / 60;
}
