import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRegistry } from '../../src/registry/registry.js';
import { openSensors, type Sensors, type SensorsOptions, seriesOfSensor } from '../../src/sensors/sensors.js';
import { openSeries } from '../../src/series/series.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';

const NOW = Date.UTC(2026, 10, 20, 12);

let directory: string;
let store: Store;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'm2mp-sensors-'));
  store = await openStore({ directory, mapSize: 1 << 26 });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function sensorsOver(write: SensorsOptions['write']): Sensors {
  const series = openSeries(store, { period: 'month', ttl: () => 0, now: () => NOW, random: Math.random });
  return openSensors({ registry: openRegistry(store), series, write, now: () => NOW });
}

it('are answered only when their readings are durable, and then are found by their name', async () => {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let asked = () => {};
  const wasAsked = new Promise<void>((resolve) => (asked = resolve));
  const sensors = sensorsOver(async (batch) => {
    asked();
    await released;
    await store.write(batch);
  });
  let answered = false;
  const stored = sensors.store(null, [{ sensor: 'a', time: NOW - 1_000, reading: '1' }]).then(() => {
    answered = true;
  });
  await wasAsked;
  // Nobody finds a reading whose name is not there, so the name comes first.
  expect(await sensors.names(null, { limit: 10 })).toEqual(['a']);
  expect((await sensors.page(null, 'a', { from: 0, limit: 10 })).readings).toEqual([]);
  expect(answered).toBe(false);
  release();
  await stored;
  expect((await sensors.page(null, 'a', { from: 0, limit: 10 })).readings).toMatchObject([{ data: '1' }]);
});

it('a failed write is no answer', async () => {
  const sensors = sensorsOver(() => Promise.reject(new Error('the disk is gone')));
  await expect(sensors.store(null, [{ sensor: 'a', time: null, reading: '1' }])).rejects.toThrow('the disk is gone');
});

it('no name of a sensor leads to that of another domain', async () => {
  const domain = '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3';
  const sensors = sensorsOver((batch) => store.write(batch));
  await sensors.store(domain, [{ sensor: 'a', time: NOW, reading: '1' }]);
  expect(await sensors.has(null, 'a')).toBe(false);
  expect(await sensors.names(null, { limit: 10 })).toEqual([]);
  expect(await sensors.names(domain, { limit: 10 })).toEqual(['a']);
  expect(seriesOfSensor(domain, 'a')).not.toBe(seriesOfSensor(null, 'a'));
});
