import type { Store } from '../../src/store/store.js';

/** A database as the suites use it: empty at first, with a clock that a test turns. */
export interface StoreUnderTest {
  /** Changes when it is reopened. */
  store: Store;
  /** UNIX ms. */
  now: number;
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
