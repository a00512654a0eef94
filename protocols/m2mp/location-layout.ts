/**
 * The layout of `sen:loc`, big-endian; each longer form adds to the one before:
 *
 * | bytes | fields |
 * |---|---|
 * | 5 | `time:u32` (UNIX seconds), `sat:u8`: no fix, satellites in view |
 * | 12 | `time:u32`, `lat:f32`, `lon:f32` (degrees, WGS 84) |
 * | 14 | … `spd:u16` (km/h) |
 * | 16 | … `alt:i16` (metres) |
 *
 * It is read by hand, as most of what a gateway receives are locations: 80 million a second instead of 4 by a
 * declared layout (bench/questions/layout.ts).
 */
import { coordinatesProblem, locationData, noFixData, shortestFloat32 } from '../location.js';
import type { Location } from '../protocol.js';
import { readUint, writeUint } from './frames.js';

const AT = { time: 0, sat: 4, lat: 4, lon: 8, spd: 12, alt: 14 } as const;
const LENGTH = { noFix: 5, position: 12, speed: 14, altitude: 16 } as const;

/** Bytes of the longest form that is whole in `length` bytes; 0: not even the shortest is. */
export function wholeLocation(length: number): number {
  if (length >= LENGTH.altitude) return LENGTH.altitude;
  if (length >= LENGTH.speed) return LENGTH.speed;
  if (length >= LENGTH.position) return LENGTH.position;
  return length >= LENGTH.noFix ? LENGTH.noFix : 0;
}

/** The date of a location that is whole, in UNIX ms. */
export function locationTime(bytes: Uint8Array, at: number): number {
  return readUint(bytes, at + AT.time, 4) * 1_000;
}

/** A location of `length` bytes, one of the four forms, as JSON; null: it is not on the earth. */
export function locationJson(bytes: Uint8Array, at: number, length: number): string | null {
  if (length === LENGTH.noFix) return noFixData(readUint(bytes, at + AT.sat, 1));
  const lat = readFloat(bytes, at + AT.lat);
  const lon = readFloat(bytes, at + AT.lon);
  if (coordinatesProblem(lat, lon) !== null) return null;
  return locationData(
    shortestFloat32(lat),
    shortestFloat32(lon),
    length >= LENGTH.speed ? readUint(bytes, at + AT.spd, 2) : null,
    length >= LENGTH.altitude ? (readUint(bytes, at + AT.alt, 2) << 16) >> 16 : null,
  );
}

/**
 * The shortest form that holds a location; values out of a field's range become the nearest that it holds. Throws
 * RangeError for a date that is no UNIX time of 32 bits.
 */
export function locationBytes(location: Location): Uint8Array {
  const seconds = secondsOf(location.time);
  if ('sat' in location) {
    const bytes = Buffer.alloc(LENGTH.noFix);
    writeUint(bytes, AT.time, 4, seconds);
    bytes.writeUInt8(within(location.sat, 0, 0xff), AT.sat);
    return bytes;
  }
  const { spd, alt } = location;
  const length = alt !== undefined ? LENGTH.altitude : spd !== undefined ? LENGTH.speed : LENGTH.position;
  const bytes = Buffer.alloc(length);
  writeUint(bytes, AT.time, 4, seconds);
  bytes.writeFloatBE(location.lat, AT.lat);
  bytes.writeFloatBE(location.lon, AT.lon);
  if (length >= LENGTH.speed) bytes.writeUInt16BE(within(spd ?? 0, 0, 0xffff), AT.spd);
  if (length >= LENGTH.altitude) bytes.writeInt16BE(within(alt ?? 0, -0x8000, 0x7fff), AT.alt);
  return bytes;
}

/** UNIX seconds of a date in UNIX ms. Throws RangeError where 32 bits do not hold it. */
export function secondsOf(time: number): number {
  const seconds = Math.floor(time / 1_000);
  if (!(seconds >= 0 && seconds <= 0xffff_ffff))
    throw new RangeError(`Invalid time: ${time}, expected UNIX ms from 0 to ${0xffff_ffff * 1_000}`);
  return seconds;
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.round(value)));
}

const floatBits = new Uint32Array(1);
const float = new Float32Array(floatBits.buffer);

function readFloat(bytes: Uint8Array, at: number): number {
  floatBits[0] = readUint(bytes, at, 4);
  return float[0] ?? Number.NaN;
}
