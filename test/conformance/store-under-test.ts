import type { Store } from '../../src/store/store.js';

/** A database as the suites use it: empty at first, with a clock of its own that starts at `START`, or goes on from there. */
export interface StoreUnderTest {
  /** Changes when it is reopened. */
  store: Store;
  /** UNIX ms by the store's clock. */
  readonly now: number;
  /** Whether the database removes by itself what is expired, and may list types and periods that are empty by now. */
  readonly lists: 'what is there' | 'what was there';
  /** Lets time go by, in ms. */
  pass(ms: number): Promise<void>;
  /** Closes the database and opens it again, as a process that starts anew. */
  reopen(): Promise<void>;
  remove(): Promise<void>;
}

export type OpenStoreUnderTest = () => Promise<StoreUnderTest>;

/** UNIX ms at which a test's clock starts. */
export const START = Date.UTC(2026, 10, 20, 12);

/** Names that are a trap for somebody: order of bytes, separators, other databases' own characters. */
export const HOSTILE = [
  'a',
  'a b',
  'A',
  'é',
  '日本',
  '__proto__',
  "x'; DROP",
  '%2F',
  '\u0001',
  '\uffff',
  '😀',
  'z'.repeat(200),
];

export async function collected<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
