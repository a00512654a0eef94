/** Time series: readings by id and type, in periods, over the rows of a store. */
import type { ReadingWrite, Store, TimeUuid } from '../store/store.js';

export interface SeriesOptions {
  /** What a new reading's bucket is. Both kinds, mixed, read back as one series. */
  readonly period: 'month' | 'day';
  /** Time to live of a type in seconds; 0: kept for ever. */
  readonly ttl: (type: string) => number;
  /** UNIX ms. */
  readonly now: () => number;
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
}

/** A reading to write. `time` is the device's own date in UNIX ms, or null: dated now. */
export interface ReadingToWrite {
  readonly type: string;
  readonly time: number | null;
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

/** What is wrong with a reading or a query: `code` is stable, the message is for a person. */
export class SeriesError extends Error {
  constructor(
    readonly code:
      | 'invalid_cursor'
      | 'invalid_id'
      | 'invalid_type'
      | 'invalid_time'
      | 'invalid_uuid'
      | 'invalid_period',
    message: string,
  ) {
    super(message);
    this.name = 'SeriesError';
  }
}

export interface Series {
  /** The write of a reading, for a batch of one's own. Throws `SeriesError` on a type or time that cannot be stored. */
  prepare(id: string, reading: ReadingToWrite, received: number): ReadingWrite;
  /** Writes a reading; resolves when it is durable. */
  add(id: string, reading: ReadingToWrite): Promise<Reading>;
  read(query: ReadingQuery): AsyncIterable<Reading>;
  /** At most `limit` readings, and the cursor for those after them, or null: there are no more. */
  page(query: ReadingQuery & { readonly limit: number }): Promise<{ readings: Reading[]; next: string | null }>;
  /**
   * The newest by its own date among those not dated more than a minute after their arrival, nor after `now`.
   */
  latest(id: string, type: string, now: number): Promise<Reading | undefined>;
  /** `latest` of each type, in the order of the types. */
  latestOfEach(id: string, now: number): Promise<Reading[]>;
  deleteReading(id: string, type: string, uuid: string | TimeUuid): Promise<void>;
  /** From and to are UNIX ms, inclusive; type undefined: all types. */
  deleteRange(id: string, type: string | undefined, from: number, to: number): Promise<void>;
  /** `period` such as `2026-11` (without its days' own periods) or `2026-11-20`. */
  deletePeriod(id: string, type: string | undefined, period: string): Promise<void>;
  deleteSeries(id: string): Promise<void>;
}

export function openSeries(_store: Store, _options: SeriesOptions): Series {
  throw new Error('not built yet');
}
