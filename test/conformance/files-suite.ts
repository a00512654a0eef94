import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Files, openFiles } from '../../src/files/files.js';
import { openRegistry } from '../../src/registry/registry.js';
import type { OpenStoreUnderTest, StoreUnderTest } from './store-under-test.js';

const PATH = '/f/';
const FILE = { name: 'f.bin', type: 'application/octet-stream' };

/** What files do over every store. */
export function filesSuite(open: OpenStoreUnderTest): void {
  let test: StoreUnderTest;
  let files: Files;
  beforeEach(async () => {
    test = await open();
    files = openFiles(openRegistry(test.store), test.store, { blockSize: 16 });
  });
  afterEach(() => test.remove());

  const create = (content: Uint8Array) => pipeline(Readable.from([content]), files.create(PATH, FILE));
  const content = async (range = {}) => Buffer.concat(await files.read(PATH, range).toArray());

  it.each([0, 1, 15, 16, 17, 32, 1_000])('of %d bytes come back as they were, after a restart too', async (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, index) => index & 0xff));
    await create(bytes);
    await test.reopen();
    files = openFiles(openRegistry(test.store), test.store, { blockSize: 512 });
    expect(await files.stat(PATH)).toEqual({ ...FILE, size, blockSize: 16 });
    expect((await content()).equals(bytes)).toBe(true);
    expect((await content({ start: 3, end: 20 })).equals(bytes.subarray(3, 21))).toBe(true);
    expect(await files.readAt(PATH, size, 10)).toHaveLength(0);
  });

  it('a shorter content in place of a longer one leaves nothing of that', async () => {
    await create(Buffer.alloc(100, 1));
    await create(Buffer.from([2]));
    await files.truncate(PATH, 40);
    expect(await content()).toEqual(Buffer.concat([Buffer.from([2]), Buffer.alloc(39)]));
  });

  it('an upload that breaks off leaves no file, least of all half of one', async () => {
    await create(Buffer.alloc(100, 1));
    const upload = pipeline(
      Readable.from(
        (async function* () {
          yield Buffer.alloc(64, 2);
          // The first blocks are written by then.
          await sleep(100);
          yield Buffer.alloc(64, 3);
          throw new Error('the connection broke');
        })(),
      ),
      files.create(PATH, FILE),
    );
    await expect(upload).rejects.toThrow('the connection broke');
    expect(await files.stat(PATH)).toBeUndefined();
    await expect(content()).rejects.toMatchObject({ code: 'not_found' });
  });

  it('what is not there, and ranges that cannot be, are refused', async () => {
    await expect(files.readAt('/nothing/', 0, 1)).rejects.toMatchObject({ code: 'not_found' });
    await expect(files.writeAt('/nothing/', 0, Buffer.from('x'))).rejects.toMatchObject({ code: 'not_found' });
    await create(Buffer.from('x'));
    await expect(files.readAt(PATH, -1, 1)).rejects.toMatchObject({ code: 'invalid_range' });
    await expect(files.truncate(PATH, 1.5)).rejects.toMatchObject({ code: 'invalid_range' });
    await expect(content({ start: 5, end: 2 })).rejects.toMatchObject({ code: 'invalid_range' });
  });

  it('do what a model in memory does, through any history', async () => {
    const bytes = fc.uint8Array({ maxLength: 50 });
    const operation = fc.oneof(
      fc.record({ does: fc.constant('create' as const), bytes }),
      fc.record({ does: fc.constant('write' as const), at: fc.nat(80), bytes }),
      fc.record({ does: fc.constant('truncate' as const), size: fc.nat(100) }),
      fc.record({ does: fc.constant('reopen' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 12 }), async (operations) => {
        const fresh = await open();
        try {
          let own = openFiles(openRegistry(fresh.store), fresh.store, { blockSize: 16 });
          await pipeline(Readable.from([Buffer.alloc(0)]), own.create(PATH, FILE));
          let model = Buffer.alloc(0);
          for (const one of operations) {
            if (one.does === 'create') {
              await pipeline(Readable.from([one.bytes]), own.create(PATH, FILE));
              model = Buffer.from(one.bytes);
            } else if (one.does === 'write') {
              await own.writeAt(PATH, one.at, one.bytes);
              model = resized(model, Math.max(model.length, one.at + one.bytes.length));
              model.set(one.bytes, one.at);
            } else if (one.does === 'truncate') {
              await own.truncate(PATH, one.size);
              model = resized(model, one.size);
            } else {
              await fresh.reopen();
              own = openFiles(openRegistry(fresh.store), fresh.store, { blockSize: 16 });
            }
            expect(Buffer.concat(await own.read(PATH).toArray())).toEqual(model);
          }
        } finally {
          await fresh.remove();
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);
}

function resized(bytes: Buffer, size: number): Buffer<ArrayBuffer> {
  const other = Buffer.alloc(size);
  bytes.copy(other);
  return other;
}
