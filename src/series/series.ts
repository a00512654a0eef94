/** Time series: readings by id and type, in periods, over the rows of a store. */
import type { DeleteReadings, ReadingWrite, Row, Store, TimeUuid } from '../store/store.js';
import { decodeCursor, encodeCursor, type Position } from './cursor.js';
import { SeriesError } from './errors.js';
import { type ManyQuery, type ManyReading, readMany } from './many.js';
import { createPeriods, isPeriod, overlaps, type PeriodKind, periodOf } from './periods.js';
import { highest, lowest, readSeries } from './read.js';
import {
  createTimeUuidClock,
  derivedTimeUuid,
  formatUuid,
  MAX_TIME,
  MIN_TIME,
  parseUuid,
  uuidTime,
} from './time-uuid.js';

export { SeriesError } from './errors.js';

/** Longest id of a series and longest type of a reading, in bytes of UTF-8. */
export const MAX_ID_BYTES = 255;
export const MAX_TYPE_BYTES = 255;
/** How far after its arrival a reading may be dated and still be the latest, in ms: what a clock may be wrong by. */
export const MAX_AHEAD_MS = 60_000;
/** Readings looked at for the latest of a type; where all of them are dated in the future there is none. */
export const MAX_LATEST_SCAN = 1_000;
/** Periods deleted by one write. */
const MAX_DELETES_AT_ONCE = 1_000;

export interface SeriesOptions {
  /** What a new reading's bucket is. Both kinds, mixed, read back as one series. */
  readonly period: PeriodKind;
  /** Time to live of a type in seconds; 0: kept for ever. */
  readonly ttl: (type: string) => number;
  /** UNIX ms. */
  readonly now: () => number;
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
}

/**
 * A reading to write. `time` is the device's own date in UNIX ms, or null: dated now, or a time UUID, which the reading
 * keeps.
 */
export interface ReadingToWrite {
  readonly type: string;
  readonly time: number | null | TimeUuid;
  /** JSON text. */
  readonly data: string;
}

export interface Reading {
  /** Its time UUID: tells it from all others of its id and type. */
  readonly uuid: string;
  readonly type: string;
  /** UNIX ms. */
  readonly time: number;
  /** JSON text. */
  readonly data: string;
  /** When it arrived, UNIX ms. */
  readonly received: number;
}

export interface ReadingQuery {
  readonly id: string;
  readonly type?: string | undefined;
  /** UNIX ms, inclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly order: 'newest' | 'oldest';
  /** The cursor of an earlier page of the same id, type and order: what comes after it. */
  readonly after?: string | undefined;
}

export interface Series {
  /** The write of a reading, for a batch of one's own. Throws `SeriesError` on what cannot be stored. */
  prepare(id: string, reading: ReadingToWrite, received: number): ReadingWrite;
  /** Writes a reading; resolves when it is durable. */
  add(id: string, reading: ReadingToWrite): Promise<Reading>;
  /** Throws `SeriesError` on a cursor of another query when it is first read from. */
  read(query: ReadingQuery): AsyncIterable<Reading>;
  /** Several series as one, in batches between which others get a turn. Throws `SeriesError` when first read from. */
  readMany(query: ManyQuery): AsyncIterable<readonly ManyReading[]>;
  /** At most `limit` readings, and the cursor for those after them, or null: there are no more. */
  page(query: ReadingQuery & { readonly limit: number }): Promise<{ readings: Reading[]; next: string | null }>;
  /** The newest by its own date among those dated at most a minute after their arrival, and after `now`. */
  latest(id: string, type: string, now: number): Promise<Reading | undefined>;
  /** `latest` of each type, in the order of the types. */
  latestOfEach(id: string, now: number): Promise<Reading[]>;
  deleteReading(id: string, type: string, uuid: string | TimeUuid): Promise<void>;
  /** From and to are UNIX ms, inclusive; type undefined: all types. */
  deleteRange(id: string, type: string | undefined, from: number, to: number): Promise<void>;
  /** `period` is `2026-11`, with the periods of its days, or `2026-11-20`, that day's own. */
  deletePeriod(id: string, type: string | undefined, period: string): Promise<void>;
  deleteSeries(id: string): Promise<void>;
}

export function openSeries(store: Store, options: SeriesOptions): Series {
  const periodAt = createPeriods(options.period);
  const freshUuid = createTimeUuidClock(options);

  function prepare(id: string, { type, time, data }: ReadingToWrite, received: number): ReadingWrite {
    checkTexts(id, type);
    const uuid = uuidOf(time, type, data);
    const seconds = options.ttl(type);
    return {
      write: 'reading',
      id,
      type,
      period: periodAt(typeof time === 'number' ? time : uuidTime(uuid)),
      time: uuid,
      data,
      received,
      expires: seconds > 0 ? received + seconds * 1_000 : 0,
    };
  }

  function uuidOf(time: number | null | TimeUuid, type: string, data: string): TimeUuid {
    if (time === null) return freshUuid();
    return typeof time === 'number' ? derivedTimeUuid(checkTime(time), type, data) : time;
  }

  async function add(id: string, reading: ReadingToWrite): Promise<Reading> {
    const write = prepare(id, reading, options.now());
    await store.write([write]);
    return toReading(write);
  }

  function rowsOf(
    { id, type, from, to, order, after }: ReadingQuery,
    expected: number | undefined,
  ): AsyncIterable<Row> {
    const position: Position | undefined = after === undefined ? undefined : decodeCursor({ id, type, order }, after);
    return readSeries(store, { id, type, from, to, order, after: position, expected });
  }

  async function* read(query: ReadingQuery): AsyncIterable<Reading> {
    for await (const row of rowsOf(query, undefined)) yield toReading(row);
  }

  async function page(query: ReadingQuery & { readonly limit: number }) {
    const limit = Math.max(1, Math.floor(query.limit));
    const readings: Reading[] = [];
    let last: Row | undefined;
    // One more says whether there are more; with `after`, the last of the page before comes once more.
    for await (const row of rowsOf(query, limit + 2)) {
      if (last && readings.length === limit) return { readings, next: encodeCursor(query, last) };
      readings.push(toReading(row));
      last = row;
    }
    return { readings, next: null };
  }

  async function latest(id: string, type: string, now: number): Promise<Reading | undefined> {
    let looked = 0;
    for await (const row of readSeries(store, { id, type, from: undefined, to: now + MAX_AHEAD_MS, ...NEWEST })) {
      if (uuidTime(row.time) <= row.received + MAX_AHEAD_MS) return toReading(row);
      if (++looked === MAX_LATEST_SCAN) break;
    }
    return undefined;
  }

  async function latestOfEach(id: string, now: number): Promise<Reading[]> {
    const found: Reading[] = [];
    for (const type of await store.types(id)) {
      const reading = await latest(id, type, now);
      if (reading) found.push(reading);
    }
    return found;
  }

  async function deleteReading(id: string, type: string, uuid: string | TimeUuid): Promise<void> {
    const time = typeof uuid === 'string' ? parseUuid(uuid) : uuid;
    if (!time) throw new SeriesError('invalid_uuid', `Invalid id of a reading: ${shown(uuid)}, expected a time UUID`);
    // It may lie in its month or in its day, or in both: the kind of period can have changed between two sendings.
    const periods = [periodOf(uuidTime(time), 'month'), periodOf(uuidTime(time), 'day')];
    await store.write(periods.map((period) => ({ write: 'deleteReadings', id, type, period, from: time, to: time })));
  }

  async function deleteIn(
    id: string,
    type: string | undefined,
    wanted: (period: string) => boolean,
    bounds: Pick<DeleteReadings, 'from' | 'to'> = { from: undefined, to: undefined },
  ): Promise<void> {
    const periods = (await store.periods(id, type)).filter(wanted);
    for (let at = 0; at < periods.length; at += MAX_DELETES_AT_ONCE) {
      const some = periods.slice(at, at + MAX_DELETES_AT_ONCE);
      await store.write(some.map((period) => ({ write: 'deleteReadings', id, type, period, ...bounds })));
    }
  }

  async function deleteRange(id: string, type: string | undefined, from: number, to: number): Promise<void> {
    if (!(from <= to)) return;
    await deleteIn(id, type, (period) => overlaps(period, from, to), { from: lowest(from), to: highest(to) });
  }

  async function deletePeriod(id: string, type: string | undefined, period: string): Promise<void> {
    if (!isPeriod(period)) {
      throw new SeriesError('invalid_period', `Invalid period: ${shown(period)}, expected 2026-11 or 2026-11-20`);
    }
    await deleteIn(id, type, (one) => one === period || one.startsWith(`${period}-`));
  }

  return {
    prepare,
    add,
    read,
    readMany: (query) => readMany(store, query),
    page,
    latest,
    latestOfEach,
    deleteReading,
    deleteRange,
    deletePeriod,
    deleteSeries: (id) => deleteIn(id, undefined, () => true),
  };
}

const NEWEST = { order: 'newest', after: undefined, expected: 1 } as const;

function toReading({ time, type, data, received }: Row): Reading {
  return { uuid: formatUuid(time), type, time: uuidTime(time), data, received };
}

/** Throws `SeriesError`; a NUL would end an id within a key. */
function checkTexts(id: string, type: string): void {
  if (!fits(id, MAX_ID_BYTES) || id.includes('\0')) {
    const takes = `1 to ${MAX_ID_BYTES} bytes without NUL`;
    throw new SeriesError('invalid_id', `Invalid id of a series: ${shown(id)}, expected ${takes}`);
  }
  if (!fits(type, MAX_TYPE_BYTES)) {
    const takes = `1 to ${MAX_TYPE_BYTES} bytes`;
    throw new SeriesError('invalid_type', `Invalid type of a reading: ${shown(type)}, expected ${takes}`);
  }
}

function fits(text: string, most: number): boolean {
  // Three bytes of UTF-8 a UTF-16 unit at the most: the common short text is right without being counted.
  return text.length > 0 && (text.length * 3 <= most || Buffer.byteLength(text) <= most);
}

function checkTime(time: number): number {
  if (!(time >= MIN_TIME && time <= MAX_TIME)) {
    throw new SeriesError('invalid_time', `Invalid time: ${time}, expected UNIX ms from ${MIN_TIME} to ${MAX_TIME}`);
  }
  return time;
}

function shown(value: unknown): string {
  return JSON.stringify(typeof value === 'string' ? value.slice(0, 80) : value);
}
