import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@opensearch-project/opensearch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bus } from '../../src/bus/bus.js';
import { openBus } from '../../src/bus/open.js';
import { seriesOf } from '../../src/devices/device.js';
import { type DeviceParts, openDevices } from '../../src/devices/open.js';
import { openFiles } from '../../src/files/files.js';
import { createLog } from '../../src/observe/log.js';
import { openRegistry } from '../../src/registry/registry.js';
import { openSeries, type Series } from '../../src/series/series.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { type OwnParts, rebuildOwnDevices, rebuildOwnReadings, startOwn } from '../../src/sync/own.js';
import { connectSearch } from '../../src/sync/search.js';
import { SERVICE_TIMEOUT, sharedOpenSearch, skipWithout } from '../services/services.js';

const PREFIX = 'own-test';
const NOVEMBER = Date.UTC(2026, 10, 20);
const OCTOBER = Date.UTC(2026, 9, 20);

describe.skipIf(skipWithout('opensearch'))('devices and readings in indices', () => {
  let directory: string;
  let store: Store;
  let bus: Bus;
  let series: Series;
  let devices: DeviceParts;
  let client: Client;
  let parts: OwnParts;
  let ids: string[];

  beforeAll(async () => {
    const url = `http://${(await sharedOpenSearch()).address}:9200`;
    client = connectSearch({ nodes: [url] });
    directory = await mkdtemp(join(tmpdir(), 'm2mp-own-'));
    store = await openStore({ directory });
    const [now, random] = [Date.now, Math.random];
    const options = { nsqd: '', nsqlookupd: '', name: 'test', now, random, onTrouble: () => {} };
    bus = await openBus({ ...options, bus: 'local' });
    const registry = openRegistry(store);
    series = openSeries(store, { period: 'month', ttl: () => 0, now, random });
    const limits = { policy: 'auto', provisionLimit: 0, waitingLimit: 10 } as const;
    devices = openDevices({ registry, files: openFiles(registry, store), now, ...limits });
    parts = { ...devices, series, client, prefix: PREFIX, log: createLog({ level: 'silent', format: 'json' }), now };
    ids = [];
    for (let n = 0; n < 30; n++) ids.push((await devices.devices.create(`imei:${n}`)).id);
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await client?.indices.delete({ index: `${PREFIX}-*` });
    await client?.close();
    await bus?.close();
    await store?.close();
    await rm(directory, { recursive: true, force: true });
  });

  async function documents(index: string): Promise<Map<string, any>> {
    await client.indices.refresh({ index, ignore_unavailable: true });
    // One that was made just now may not answer yet.
    const { body, statusCode } = await client.search(
      { index, size: 1_000, ignore_unavailable: true },
      { ignore: [503] },
    );
    return new Map((statusCode === 503 ? [] : body.hits.hits).map((hit) => [String(hit._id), hit._source]));
  }

  async function store1(deviceId: string, type: string, time: number, data: unknown): Promise<void> {
    const reading = await series.add(seriesOf(deviceId), { type, time, data: JSON.stringify(data) });
    bus.publish('events', {
      _to: 'events',
      _from: 'test',
      _call: 'reading_stored',
      _time: reading.received / 1_000,
      device_id: deviceId,
      type,
      time,
      data: reading.data,
      id: reading.uuid,
    });
  }

  it('come as they are, follow what happens, and are made good where something was missed', async () => {
    const [device = ''] = ids;
    // Before anybody listens: found by comparing.
    await devices.settings.set(device, 'interval', '60');
    const stop = startOwn({ ...parts, bus, readings: ['sen:loc'], sweep: 500, name: 'own' });
    try {
      await until(async () => (await documents(`${PREFIX}-devices`)).size === ids.length);
      const found = (await documents(`${PREFIX}-devices`)).get(device);
      expect(found).toMatchObject({ ident: 'imei:0', settings: [{ name: 'interval', value: '60' }], place: null });

      await store1(device, 'sen:loc', NOVEMBER, { lat: 48.85, lon: 2.35, spd: 7 });
      await store1(device, 'sen:temp', NOVEMBER, 21);
      await until(async () => (await documents(`${PREFIX}-devices`)).get(device)?.place !== null);
      expect((await documents(`${PREFIX}-devices`)).get(device)).toMatchObject({
        place: { lat: 48.85, lon: 2.35 },
        placed: NOVEMBER,
      });
      // Readings of the types asked for, in their month.
      await until(async () => (await documents(`${PREFIX}-readings-2026-11`)).size === 1);
      expect([...(await documents(`${PREFIX}-readings`)).values()]).toMatchObject([
        { device, type: 'sen:loc', time: NOVEMBER, place: { lat: 48.85, lon: 2.35 } },
      ]);

      // Nobody tells of it.
      await devices.devices.update(device, { name: 'Van 7' });
      await devices.devices.delete(ids[1] ?? '');
      await until(async () => (await documents(`${PREFIX}-devices`)).get(device)?.name === 'Van 7');
      await until(async () => !(await documents(`${PREFIX}-devices`)).has(ids[1] ?? ''));
    } finally {
      await stop();
    }
  }, 120_000);

  it('are filled anew behind their alias, without a moment in which they are missing', async () => {
    const count = ids.length - 1;
    const before = Object.keys((await client.indices.getAlias({ name: `${PREFIX}-devices` })).body);
    const seen: number[] = [];
    let isAsking = true;
    const asking = (async () => {
      for (; isAsking; await new Promise((resolve) => setImmediate(resolve)))
        seen.push((await client.count({ index: `${PREFIX}-devices` })).body.count);
    })();
    expect(await rebuildOwnDevices(parts)).toBe(count);
    isAsking = false;
    await asking;
    expect(new Set(seen)).toEqual(new Set([count]));
    const after = Object.keys((await client.indices.getAlias({ name: `${PREFIX}-devices` })).body);
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect((await client.indices.exists({ index: before })).body).toBe(false);
  }, 60_000);

  it('readings are filled anew by month and type', async () => {
    for (const [at, id] of ids.slice(2, 5).entries()) await store1(id, 'sen:temp', OCTOBER + at, 20 + at);
    expect(await rebuildOwnReadings(parts, ['sen:temp', 'sen:loc'], '2026-10', '2026-11')).toBe(5);
    expect((await documents(`${PREFIX}-readings-2026-10`)).size).toBe(3);
    expect((await documents(`${PREFIX}-readings-2026-11`)).size).toBe(2);
    expect((await documents(`${PREFIX}-readings`)).size).toBe(5);
    // Again, and of one type alone: those of the others stay.
    expect(await rebuildOwnReadings(parts, ['sen:temp'], '2026-10', '2026-11')).toBe(4);
    const all = [...(await documents(`${PREFIX}-readings`)).values()];
    expect(all.map(({ number }) => number).sort()).toEqual([20, 21, 21, 22, undefined]);
  }, 60_000);
});

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 100));
}
