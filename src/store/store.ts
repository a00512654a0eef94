/**
 * What a database must do for the gateway: rows of a registry (a tree of nodes with named values and blocks) and rows
 * of time series (readings by id, type and period). Both backends pass `test/conformance`. The rows are those of the
 * Cassandra tables in docs/data-model.md.
 */
export interface Store extends Reads {
  /**
   * Writes all of the batch, in order, and resolves only when it is durable. It is not atomic: after a rejection any
   * part may be written; every write is idempotent, so the batch can be written again. Rejects with `StoreFull` when
   * there is no room, with `StoreAway` when the database does not answer, with `StoreFailed` when what is on the disk
   * cannot be known any more.
   */
  write(batch: readonly Write[]): Promise<void>;

  /**
   * Sets a value of a node where it is `before` (undefined: it is not there), and resolves, when that is durable, to
   * whether it was. Of several who do so at once, on other gateways too, one is told so; it is slow, and what it does
   * is not in the order of `write`. Rejects as `write` does, and then may have been done.
   */
  claim(path: string, name: string, before: string | undefined, value: string): Promise<boolean>;

  /**
   * Removes rows whose time to live is over at `now` (UNIX ms), at most `limit` of them; resolves to how many. 0 where
   * the database does so by itself.
   */
  removeExpired(now: number, limit: number): Promise<number>;
  close(): Promise<void>;
}

/** What can be read of a database, by those who do not write to it as well. */
export interface Reads {
  /** The node at `path`, or undefined where none was ever created nor a value of it set. */
  node(path: string): Promise<NodeRow | undefined>;
  /** Its status alone, 0 where it has none: a node may have as many values as there are devices. */
  status(path: string): Promise<number>;
  /** Names of children in the order of their UTF-8 bytes, those after `after`, at most `limit`. */
  children(path: string, after: string | undefined, limit: number): Promise<string[]>;
  /** Paths of nodes marked as deleted, in the order of their UTF-8 bytes, those after `after`, at most `limit`. */
  deletedNodes(after: string | undefined, limit: number): Promise<string[]>;
  block(path: string, block: number): Promise<Uint8Array | undefined>;
  /** Numbers of the blocks of a path, in rising order. */
  blocks(path: string): Promise<number[]>;

  /**
   * Everything that is stored, by its key: those after `after`, at most `limit`, in an order of the database's own that
   * stays as it is. One that is empty by now may be among them.
   */
  keys(of: KeysOf, after: string | undefined, limit: number): Promise<string[]>;

  /**
   * Types that the series `id` has rows of, in the order of their UTF-8 bytes. One whose rows were all deleted or are
   * expired may still be among them.
   */
  types(id: string): Promise<string[]>;
  /** Periods in which `id` has rows (of one type, or of any), newest first; the same holds for one that is empty now. */
  periods(id: string, type: string | undefined): Promise<string[]>;
  /** Rows of one period in the order asked for; all types merged when no type is given. */
  rows(query: RowQuery): AsyncIterable<Row>;

  /** Bytes the data takes, and bytes that are left for it. */
  size(): Promise<{ used: number; free: number }>;
}

export const NODE_DELETED = 5;
export const NODE_CREATED = 100;

/** Paths that have a status or values, that have children, that have blocks; ids of series. */
export type KeysOf = 'nodes' | 'children' | 'blocks' | 'series';

export interface NodeRow {
  /** 5 marked as deleted, 100 created, 0 never created: it has nothing but values, such as one that was claimed. */
  readonly status: number;
  readonly values: ReadonlyMap<string, string>;
}

/** A version-1 UUID: 16 bytes in the order in which it is written. */
export type TimeUuid = Uint8Array;

export interface Row {
  readonly type: string;
  readonly time: TimeUuid;
  /** JSON text. */
  readonly data: string;
  /** When it was written, UNIX ms. */
  readonly received: number;
  /** UNIX ms after which it is gone, or 0: never. Where it was asked for; Cassandra counts in seconds. */
  readonly expires?: number;
}

/**
 * `from` and `to` are inclusive and compare as Cassandra's timeuuid does: by timestamp, then by the last eight bytes
 * as signed bytes. Undefined: no bound.
 */
export interface RowQuery {
  readonly id: string;
  readonly type: string | undefined;
  /** `2026-11` or `2026-11-20`. */
  readonly period: string;
  readonly from: TimeUuid | undefined;
  readonly to: TimeUuid | undefined;
  readonly order: 'newest' | 'oldest';
  /** How many rows are likely to be taken, undefined: many. What is fetched at once begins with so many, and doubles. */
  readonly expected?: number | undefined;
  /** Whether the rows say when they expire. */
  readonly expires?: boolean;
}

export type Write = RegistryWrite | SeriesWrite;

export type RegistryWrite =
  | { readonly write: 'status'; readonly path: string; readonly status: number }
  | { readonly write: 'value'; readonly path: string; readonly name: string; readonly value: string }
  | { readonly write: 'deleteValue'; readonly path: string; readonly name: string }
  | { readonly write: 'child'; readonly path: string; readonly name: string }
  | { readonly write: 'deleteChild'; readonly path: string; readonly name: string }
  | { readonly write: 'block'; readonly path: string; readonly block: number; readonly data: Uint8Array }
  /** Deletes the blocks from number `from` on. */
  | { readonly write: 'deleteBlocks'; readonly path: string; readonly from: number }
  /** Deletes status and values of a node. */
  | { readonly write: 'deleteNode'; readonly path: string };

export type SeriesWrite = ReadingWrite | DeleteReadings;

export interface ReadingWrite {
  readonly write: 'reading';
  readonly id: string;
  readonly type: string;
  readonly period: string;
  readonly time: TimeUuid;
  /** JSON text. */
  readonly data: string;
  /** UNIX ms. */
  readonly received: number;
  /** UNIX ms after which it is gone, or 0: never. */
  readonly expires: number;
}

/** Deletes the rows of one period from `from` to `to`, inclusive, of one type or of all. */
export interface DeleteReadings {
  readonly write: 'deleteReadings';
  readonly id: string;
  readonly type: string | undefined;
  readonly period: string;
  readonly from: TimeUuid | undefined;
  readonly to: TimeUuid | undefined;
}

/** There is no room: nothing of this attempt may be relied upon; the same batch can be written again later. */
export class StoreFull extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreFull';
  }
}

/**
 * The database cannot be reached, or does not answer in time: any part of this attempt may be stored, and the same
 * batch can be written again later.
 */
export class StoreAway extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreAway';
  }
}

/** The store cannot say any more what is durable. The process must end and start anew: see docs/durability.md. */
export class StoreFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreFailed';
  }
}
