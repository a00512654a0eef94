import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDevices } from '../../../src/devices/open.js';
import { openFiles } from '../../../src/files/files.js';
import { openRegistry, type Registry } from '../../../src/registry/registry.js';
import { openSeries, type Series } from '../../../src/series/series.js';
import { derivedTimeUuid, formatUuid } from '../../../src/series/time-uuid.js';
import type { Store } from '../../../src/store/store.js';
import { collected } from '../../conformance/store-under-test.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import { type Cluster, dropKeyspace, keyspaceName, openCluster, openKeyspace } from './keyspaces.js';

/** An id as older deployments made it: the first 16 bytes of the ident's SHA-1, without the bits of a version. */
function idOfOld(ident: string): string {
  const hex = createHash('sha1').update(ident).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

const IDENT = 'imei:490154203237518';
const ID = idOfOld(IDENT);
/** Older still: ids were random. */
const OLDEST_IDENT = 'imei:356938035643809';
const OLDEST_ID = randomUUID();
const LAST_DAY = Date.UTC(2014, 6, 31, 12);
const DAY = 86_400_000;
const FROM = { protocol: 'm2mp', source: '192.0.2.7:51000' };

describe.skipIf(skipWithout('cassandra'))('a keyspace of an older deployment', () => {
  let cluster: Cluster;
  let keyspace: string;
  let store: Store;
  let registry: Registry;
  let series: Series;

  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = keyspaceName();
    await fillTheOldWay();
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await store?.close();
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
  });
  beforeEach(async () => {
    await store?.close();
    store = await openKeyspace(cluster, keyspace);
    registry = openRegistry(store);
    series = openSeries(store, { period: 'month', ttl: () => 0, now: Date.now, random: Math.random });
  });

  async function fillTheOldWay(): Promise<void> {
    const run = (query: string, params: unknown[] = []) => cluster.client.execute(query, params, { prepare: true });
    await cluster.client.execute(
      `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    );
    for (const table of [
      `CREATE TABLE ${keyspace}.registrynode (path text PRIMARY KEY, status int, values map<text, text>)`,
      `CREATE INDEX ON ${keyspace}.registrynode (status)`,
      `CREATE TABLE ${keyspace}.registrynodechildren (path text, name text, PRIMARY KEY (path, name))`,
      `CREATE TABLE ${keyspace}.registrynodedata (path text, block int, data blob, PRIMARY KEY (path, block))`,
      `CREATE TABLE ${keyspace}.timeseries (id text, date text, time timeuuid, type text, data text,
        PRIMARY KEY ((id, date), time)) WITH CLUSTERING ORDER BY (time DESC)`,
      `CREATE TABLE ${keyspace}.timeseries_index (id text, type text, date text,
        PRIMARY KEY ((id, type), date)) WITH CLUSTERING ORDER BY (date DESC)`,
    ])
      await cluster.client.execute(table);

    const node = async (path: string, values: Record<string, string> = {}) => {
      const insert = `INSERT INTO ${keyspace}.registrynode (path, status, values) VALUES (?, 100, ?)`;
      await run(insert, [path, new Map(Object.entries(values))]);
      const parts = path.split('/').filter(Boolean);
      const name = parts.pop();
      const parent = parts.length > 0 ? `/${parts.join('/')}/` : '/';
      if (name) await run(`INSERT INTO ${keyspace}.registrynodechildren (path, name) VALUES (?, ?)`, [parent, name]);
    };
    for (const path of ['/', '/device/', '/device/by-ident/']) await node(path);
    for (const [ident, id] of [
      [IDENT, ID],
      [OLDEST_IDENT, OLDEST_ID],
    ] as const) {
      await node(`/device/by-ident/${ident}/`, { id });
      await node(`/device/${id}/`, { ident });
      await node(`/device/${id}/settings/`, { alive: '900' });
    }

    for (let day = 0; day < 5; day++) {
      const time = LAST_DAY - day * DAY;
      const date = new Date(time).toISOString().slice(0, 10);
      for (const [type, data] of [
        ['sen:loc', `{"lat":48.8,"lon":${day}}`],
        ['sen:temp', `{"v":${day}}`],
      ] as const) {
        const uuid = formatUuid(derivedTimeUuid(time, type, data));
        for (const id of [`dev-${ID}`, `dev-${ID}!${type}`])
          await run(`INSERT INTO ${keyspace}.timeseries (id, date, time, type, data) VALUES (?, ?, ?, ?, ?)`, [
            id,
            date,
            uuid,
            type,
            data,
          ]);
        for (const of of ['', type])
          await run(`INSERT INTO ${keyspace}.timeseries_index (id, type, date) VALUES (?, ?, ?)`, [
            `dev-${ID}`,
            of,
            date,
          ]);
      }
    }
  }

  const read = async (order: 'oldest' | 'newest', type?: string) =>
    (await collected(series.read({ id: `dev-${ID}`, order, type }))).map(({ data }) => JSON.parse(data));

  it('is read: its devices by their own ids, its series of days as one', async () => {
    expect((await registry.get(`/device/${ID}/settings/`))?.values).toEqual(new Map([['alive', '900']]));
    expect((await read('oldest', 'sen:temp')).map(({ v }) => v)).toEqual([4, 3, 2, 1, 0]);
    expect(await read('newest')).toHaveLength(10);
    const { readings } = await series.page({ id: `dev-${ID}`, order: 'newest', limit: 1 });
    expect(Math.abs(readings[0]!.received - Date.now())).toBeLessThan(120_000);
    expect(await series.deletePeriod(`dev-${ID}`, 'sen:loc', '2014-07-27')).toBeUndefined();
    expect(await read('oldest', 'sen:loc')).toHaveLength(4);
    expect(await read('oldest')).toHaveLength(9);
  });

  it('is listed: devices by ident, types by what is in the series', async () => {
    const parts = devicesOf();
    const { devices } = await parts.devices.list({ limit: 10 });
    expect(devices.map(({ ident, id }) => [ident, id])).toEqual([
      [OLDEST_IDENT, OLDEST_ID],
      [IDENT, ID],
    ]);
    expect(await store.types(`dev-${ID}`)).toEqual(['sen:loc', 'sen:temp']);
    const latest = await series.latestOfEach(`dev-${ID}`, Date.now());
    expect(latest.map(({ type, time }) => [type, time])).toEqual([
      ['sen:loc', LAST_DAY],
      ['sen:temp', LAST_DAY],
    ]);
  });

  it('is written: known devices keep their ids, months join days, new types and devices the others', async () => {
    const parts = devicesOf();
    for (const [ident, id] of [
      [IDENT, ID],
      [OLDEST_IDENT, OLDEST_ID],
    ] as const)
      expect(await parts.identify(ident, FROM)).toMatchObject({ accepted: true, device: { id } });
    const added = await parts.identify('imei:111111111111117', FROM);
    expect(added).toMatchObject({ accepted: true });
    expect((await parts.devices.list({ limit: 10 })).devices).toHaveLength(3);

    await series.add(`dev-${ID}`, { type: 'sen:temp', time: LAST_DAY - DAY / 2, data: '{"v":0.5}' });
    await series.add(`dev-${ID}`, { type: 'sen:fuel', time: LAST_DAY + DAY, data: '{"v":6}' });
    expect((await read('oldest', 'sen:temp')).map(({ v }) => v)).toEqual([4, 3, 2, 1, 0.5, 0]);
    expect(await store.types(`dev-${ID}`)).toEqual(['sen:fuel', 'sen:loc', 'sen:temp']);
    expect(await store.periods(`dev-${ID}`, undefined)).toEqual(expect.arrayContaining(['2014-08', '2014-07']));
  });

  it('still reads as older gateways do: two rows a reading, rows of the index, values in the map', async () => {
    const uuid = (await series.add(`dev-${ID}`, { type: 'sen:fuel', time: LAST_DAY + 2 * DAY, data: '{"v":7}' })).uuid;
    for (const id of [`dev-${ID}`, `dev-${ID}!sen:fuel`]) {
      const query = `SELECT type, data FROM ${keyspace}.timeseries WHERE id = ? AND date = ? AND time = ?`;
      const { rows } = await cluster.client.execute(query, [id, '2014-08', uuid], { prepare: true });
      expect(rows.map((row) => [row['type'], row['data']])).toEqual([['sen:fuel', '{"v":7}']]);
    }
    for (const type of ['', 'sen:fuel']) {
      const query = `SELECT date FROM ${keyspace}.timeseries_index WHERE id = ? AND type = ? LIMIT 1`;
      const { rows } = await cluster.client.execute(query, [`dev-${ID}`, type], { prepare: true });
      expect(rows[0]?.['date']).toBe('2014-08');
    }
    await registry.set(`/device/${ID}/settings/`, { alive: '60' });
    const { rows } = await cluster.client.execute(
      `SELECT status, values FROM ${keyspace}.registrynode WHERE path = ?`,
      [`/device/${ID}/settings/`],
    );
    expect([rows[0]?.['status'], rows[0]?.get('values').get('alive')]).toEqual([100, '60']);
  });

  function devicesOf() {
    return openDevices({
      registry,
      files: openFiles(registry, store),
      now: Date.now,
      policy: 'auto',
      provisionLimit: 0,
      waitingLimit: 100,
    });
  }
});
