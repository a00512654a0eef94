import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSpool } from '../../src/spool/spool.js';
import { StoreFull } from '../../src/store/store.js';
import { canMount, mountSmallDisk } from '../durability/small-disk.js';
import { numberOf, numbers, readingOf } from './readings.js';

it.skipIf(!canMount() && !process.env['M2MP_TEST_ALL'])(
  'a full disk is no failure: what was told to be kept stays, and more is taken when there is room',
  async () => {
    const disk = mountSmallDisk(8);
    const open = () =>
      openSpool({ directory: join(disk.directory, 'spool'), maxBytes: 1 << 30, now: Date.now, onTorn: () => {} });
    const spool = await open();
    const kept: number[] = [];
    const append = async (from: number) => {
      const readings = numbers(from, from + 20).map((n) => readingOf(n, { size: 1_000 }));
      await spool.append(readings);
      kept.push(...readings.map(numberOf));
    };
    try {
      await append(0);
      disk.fill(100_000);
      let why: unknown;
      let from = 20;
      for (; !why && from < 2_000; from += 20) await append(from).catch((error: unknown) => (why = error));
      expect(why).toBeInstanceOf(StoreFull);
      for (let tries = 0; tries < 5; tries++) await expect(append(from)).rejects.toBeInstanceOf(StoreFull);
      const files = await readdir(join(disk.directory, 'spool'));
      expect(files.filter((name) => name.endsWith('.seg'))).toHaveLength(1);
      disk.free();
      await append(from + 20);
      await spool.close();
      const again = await open();
      const found: number[] = [];
      for (let record = await again.read(); record; record = await again.read())
        found.push(...record.readings.map(numberOf));
      expect(found).toEqual(kept);
      expect(kept.length).toBeGreaterThan(40);
      await again.close();
    } finally {
      disk.remove();
    }
  },
);
