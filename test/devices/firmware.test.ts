import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Firmware, openFirmware } from '../../src/devices/firmware.js';
import { createTurns } from '../../src/devices/turns.js';
import { BLOCK_SIZE, openFiles } from '../../src/files/files.js';
import { openRegistry, type Registry } from '../../src/registry/registry.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';

let directory: string;
let store: Store;
let registry: Registry;
let firmware: Firmware;
let ids: string[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'm2mp-firmware-'));
  store = await openStore({ directory, mapSize: 1 << 28 });
  registry = openRegistry(store);
  ids = [];
  firmware = openFirmware({
    registry,
    files: openFiles(registry, store),
    turns: createTurns(),
    newId() {
      const id = randomUUID();
      ids.push(id);
      return id;
    },
  });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

async function* content(...pieces: (Uint8Array | Error)[]): AsyncIterable<Uint8Array> {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield piece;
  }
}

const block = (byte: number) => Buffer.alloc(BLOCK_SIZE, byte);
const blocksOf = (id: string | undefined) => store.block(`/firmware/${id}/file/`, 0);

it('content that breaks off leaves nothing, and what had the name keeps it', async () => {
  await firmware.add('v1', content(block(1)));
  await expect(firmware.add('v1', content(block(2), block(3), new Error('broken off')))).rejects.toThrow('broken off');
  expect(await blocksOf(ids[1])).toBeUndefined();
  expect(new Set(await registry.children('/firmware/'))).toEqual(new Set([ids[0], 'by-name']));
  expect(await firmware.readAt('v1', 0, 3)).toEqual(Buffer.from([1, 1, 1]));
});

it('other content in place of the old one leaves nothing of it', async () => {
  await firmware.add('v1', content(block(1)));
  const { id } = await firmware.add('v1', content(block(2)));
  expect(id).toBe(ids[1]);
  expect(await blocksOf(ids[0])).toBeUndefined();
  expect(await blocksOf(id)).toBeDefined();
  expect(await firmware.list()).toEqual([{ name: 'v1', id, size: BLOCK_SIZE }]);
});

it('a name of two uploads at once is that of one of them, whole', async () => {
  const both = await Promise.all([7, 8].map((byte) => firmware.add('v1', content(block(byte), block(byte)))));
  const found = await firmware.find('v1');
  expect(both.map(({ id }) => id)).toContain(found?.id);
  const bytes = Buffer.from((await firmware.readAt('v1', 0, 2 * BLOCK_SIZE)) ?? []);
  expect(bytes.equals(Buffer.alloc(2 * BLOCK_SIZE, bytes[0]))).toBe(true);
});

it('a removed one leaves nothing', async () => {
  await firmware.add('v1', content(block(1)));
  expect(await firmware.remove('v1')).toBe(true);
  expect(await blocksOf(ids[0])).toBeUndefined();
  expect(await firmware.find('v1')).toBeNull();
  expect(await firmware.remove('v1')).toBe(false);
});
