/** The call `store_ts`: a reading that somebody on the bus wants to be stored. */
import type { Message } from '../bus/bus.js';
import type { ReadingToWrite } from '../series/series.js';
import { parseUuid } from '../series/time-uuid.js';

/** Characters of `data` at the most, as JSON. */
export const MAX_DATA = 1 << 20;

export interface StoreTs {
  /** Of the series: `dev-<uuid>` for a device. */
  readonly key: string;
  readonly reading: ReadingToWrite;
}

/** The call's fields, or a sentence that says what is wrong with them. */
export function parseStoreTs(message: Message): StoreTs | string {
  const { key, type, data, date_uuid, date_nano } = message;
  if (message._call !== 'store_ts') return `Unknown call: ${shown(message._call)}, expected store_ts`;
  if (typeof key !== 'string') return `Invalid key: ${shown(key)}, expected a text`;
  if (typeof type !== 'string') return `Invalid type: ${shown(type)}, expected a text`;
  if (data === undefined) return 'There is no data';
  const text = jsonOf(data);
  if (text.length > MAX_DATA) return `Invalid data: ${text.length} characters, expected ${MAX_DATA} at the most`;
  const time = date_uuid === undefined ? fromNano(date_nano) : fromUuid(date_uuid);
  return typeof time === 'string' ? time : { key, reading: { type, time, data: text } };
}

/** Publishers send `data` as JSON, or as a text that is JSON; any other text is stored as the text it is. */
function jsonOf(data: unknown): string {
  if (typeof data !== 'string') return JSON.stringify(data);
  try {
    const value: unknown = JSON.parse(data);
    if (typeof value === 'object' && value !== null) return data;
  } catch {
    // It is a text of its own.
  }
  return JSON.stringify(data);
}

function fromUuid(value: unknown): ReadingToWrite['time'] | string {
  const uuid = typeof value === 'string' ? parseUuid(value) : undefined;
  return uuid ?? `Invalid date_uuid: ${shown(value)}, expected a time UUID`;
}

/** UNIX nanoseconds, as a number or as its digits; what is finer than a millisecond is left out. */
function fromNano(value: unknown): number | string {
  const digits = typeof value === 'string' ? value : undefined;
  const nano = digits !== undefined && /^-?\d{1,19}$/.test(digits) ? Number(digits) : value;
  if (nano === undefined) return 'There is no date_uuid and no date_nano';
  if (typeof nano !== 'number' || !Number.isFinite(nano))
    return `Invalid date_nano: ${shown(value)}, expected UNIX nanoseconds`;
  return Math.floor(nano / 1_000_000);
}

function shown(value: unknown): string {
  return `${JSON.stringify(value)}`.slice(0, 80);
}
