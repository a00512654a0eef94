import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { openStore } from '../../src/store/open.js';
import { filesSuite } from './files-suite.js';
import { queriesSuite } from './queries-suite.js';
import { registrySuite } from './registry-suite.js';
import { seriesSuite } from './series-suite.js';
import { storeSuite } from './store-suite.js';
import { START, type StoreUnderTest } from './store-under-test.js';

async function openLmdbUnderTest(): Promise<StoreUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-conformance-'));
  let now = START;
  const open = () => openStore({ directory, mapSize: 1 << 28, now: () => now });
  const test: StoreUnderTest = {
    // Set at once, below.
    store: undefined as never,
    lists: 'what is there',
    get now() {
      return now;
    },
    async pass(ms) {
      now += ms;
    },
    async reopen() {
      await test.store.close();
      test.store = await open();
    },
    async remove() {
      await test.store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  test.store = await open();
  return test;
}

describe('LMDB as a store', () => storeSuite(openLmdbUnderTest));
describe('the registry over LMDB', () => registrySuite(openLmdbUnderTest));
describe('series over LMDB', () => seriesSuite(openLmdbUnderTest));
describe('files over LMDB', () => filesSuite(openLmdbUnderTest));
describe('queries over LMDB', () => queriesSuite(openLmdbUnderTest, 40));
