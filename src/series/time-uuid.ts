/**
 * Version-1 UUIDs: the time of a reading, in units of 100 ns, and 62 bits that tell it from others of the same time.
 * They sort as Cassandra's timeuuid does: by time, then by the last eight bytes as signed bytes.
 */
import type { TimeUuid } from '../store/store.js';
import { hash64 } from './hash.js';

export type { TimeUuid } from '../store/store.js';

/** Milliseconds from 1582-10-15, where the count of a UUID begins, to 1970-01-01. */
const EPOCH_MS = 12_219_292_800_000;
const UNITS_A_MS = 10_000;

/** Times a time UUID can carry, UNIX ms: from 1582-10-15 to the year 5236. */
export const MIN_TIME = -EPOCH_MS;
export const MAX_TIME = Math.floor(2 ** 60 / UNITS_A_MS) - EPOCH_MS - 1;

/**
 * The time UUID of a reading that its device dated: the same whenever the same reading is sent again, on any gateway,
 * in any version. Its 62 bits guard against accidents (two readings of a device, of the same time and type, and of
 * different data, meet once in 4 · 10^18), not against attackers: a device can only harm its own series.
 */
export function derivedTimeUuid(timeMs: number, type: string, data: string): TimeUuid {
  const uuid = new Uint8Array(16);
  writeTimestamp(uuid, timeMs, 0);
  hash64(type, data, uuid, 8);
  uuid[8] = (byte(uuid, 8) & 0x3f) | 0x80;
  return uuid;
}

/**
 * A clock whose time UUIDs are fresh and rise, also when `now` (UNIX ms) steps back: then they go on from the last one
 * in steps of 100 ns. Its node and sequence are random: no two clocks make the same one.
 */
export function createTimeUuidClock(options: {
  readonly now: () => number;
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
}): () => TimeUuid {
  const rest = Uint8Array.from({ length: 8 }, () => Math.floor(options.random() * 256));
  rest[0] = (byte(rest, 0) & 0x3f) | 0x80;
  // A random node is marked by the multicast bit (RFC 9562, 6.10).
  rest[2] = byte(rest, 2) | 0x01;
  let lastMs = Number.NEGATIVE_INFINITY;
  let units = 0;
  return () => {
    const now = Math.floor(options.now());
    if (now > lastMs) {
      lastMs = now;
      units = 0;
    } else if (++units === UNITS_A_MS) {
      lastMs++;
      units = 0;
    }
    const uuid = new Uint8Array(16);
    writeTimestamp(uuid, lastMs, units);
    uuid.set(rest, 8);
    return uuid;
  };
}

/** UNIX ms. */
export function uuidTime(uuid: TimeUuid): number {
  // 60 bits do not fit a number exactly; the milliseconds of each half do.
  const low = byte(uuid, 0) * 2 ** 24 + (byte(uuid, 1) << 16) + (byte(uuid, 2) << 8) + byte(uuid, 3);
  const high = ((byte(uuid, 6) & 0x0f) << 24) + (byte(uuid, 7) << 16) + (byte(uuid, 4) << 8) + byte(uuid, 5);
  const highMs = Math.floor(high / UNITS_A_MS) * 2 ** 32;
  const remainder = (high % UNITS_A_MS) * 2 ** 32 + low;
  return highMs + Math.floor(remainder / UNITS_A_MS) - EPOCH_MS;
}

/** As `123e4567-e89b-12d3-a456-426614174000`. */
export function formatUuid(uuid: TimeUuid): string {
  const h = (at: number) => HEX[byte(uuid, at)];
  const time = `${h(0)}${h(1)}${h(2)}${h(3)}-${h(4)}${h(5)}-${h(6)}${h(7)}`;
  return `${time}-${h(8)}${h(9)}-${h(10)}${h(11)}${h(12)}${h(13)}${h(14)}${h(15)}`;
}

/** Undefined when the text is no version-1 UUID. */
export function parseUuid(text: string): TimeUuid | undefined {
  if (!WRITTEN.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text.replaceAll('-', ''), 'hex'));
}

/** The least of all time UUIDs of this millisecond: a bound, not one to store. */
export function lowestAt(timeMs: number): TimeUuid {
  const uuid = new Uint8Array(16).fill(0x80, 8);
  writeTimestamp(uuid, timeMs, 0);
  return uuid;
}

/** The greatest of all time UUIDs of this millisecond: a bound, not one to store. */
export function highestAt(timeMs: number): TimeUuid {
  const uuid = new Uint8Array(16).fill(0x7f, 8);
  writeTimestamp(uuid, timeMs, UNITS_A_MS - 1);
  return uuid;
}

/** Negative: `a` comes first. */
export function compareTimeUuids(a: TimeUuid, b: TimeUuid): number {
  for (const at of TIMESTAMP_FIRST) {
    const difference = (byte(a, at) & (at === 6 ? 0x0f : 0xff)) - (byte(b, at) & (at === 6 ? 0x0f : 0xff));
    if (difference !== 0) return difference;
  }
  for (let at = 8; at < 16; at++) {
    const difference = (byte(a, at) ^ 0x80) - (byte(b, at) ^ 0x80);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Bytes of the timestamp, from the highest on. */
const TIMESTAMP_FIRST = [6, 7, 4, 5, 0, 1, 2, 3];
const HEX = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));
const WRITTEN = /^[0-9a-f]{8}-[0-9a-f]{4}-1[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

function writeTimestamp(uuid: Uint8Array, timeMs: number, units: number): void {
  const ms = Math.floor(timeMs) + EPOCH_MS;
  const lowUnits = (ms % 2 ** 32) * UNITS_A_MS + units;
  const low = lowUnits % 2 ** 32;
  const high = Math.floor(ms / 2 ** 32) * UNITS_A_MS + Math.floor(lowUnits / 2 ** 32);
  uuid[0] = low >>> 24;
  uuid[1] = low >>> 16;
  uuid[2] = low >>> 8;
  uuid[3] = low;
  uuid[4] = high >>> 8;
  uuid[5] = high;
  uuid[6] = ((high >>> 24) & 0x0f) | 0x10;
  uuid[7] = high >>> 16;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
