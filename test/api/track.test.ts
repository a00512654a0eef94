import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Answer, type Contract, openContract } from './contract.js';

const START = Date.UTC(2026, 0, 20, 12);
const IDENTS = Array.from({ length: 5 }, (_, n) => `imei:49015420323751${n}`);
const [A = ''] = IDENTS;

let gateway: GatewayUnderTest;
let contract: Contract;
const get = (path: string, headers = {}): Promise<Answer> => contract.ask('GET', path, { headers });
const date = (second: number): string => new Date(START + second * 1_000).toISOString();

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  contract = await openContract(gateway);
  for (const [n, ident] of IDENTS.entries()) {
    (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident)).end();
    const readings = Array.from({ length: 120 }, (_, k) => ({
      type: 'sen:loc',
      time: date(10 * k),
      data: { lat: 48 + Math.min(k, 60) / 1_000, lon: 2 + n, spd: 40 },
    }));
    await gateway.api('POST', `/api/devices/${ident}/readings`, { readings });
  }
});
afterAll(() => gateway.remove());

it('a track has few points, and says how far it went, how long it moved and where it stopped', async () => {
  const { body } = await get(`/api/devices/${A}/track?points=20`);
  expect(body).toMatchObject({ places: 120, from: date(0), to: date(1_190), moving: 600, stopCount: 1 });
  expect(Math.abs(body.distance - 6_672)).toBeLessThan(10);
  expect(body.stops).toEqual([{ from: date(600), to: date(1_190), seconds: 590, lat: 48.06, lon: 2 }]);
  expect(body.points.length).toBeLessThanOrEqual(20);
  expect(body.points[0]).toEqual({ time: date(0), lat: 48, lon: 2, spd: 40 });
  expect((await get(`/api/devices/${A}/track?stopTime=3600`)).body.stopCount).toBe(0);
  expect((await get(`/api/devices/${A}/track?from=2030-01-01`)).body).toMatchObject({
    places: 0,
    from: null,
    points: [],
  });
  expect(await get(`/api/devices/${A}/track?points=1`)).toMatchObject({ status: 400, body: { field: 'points' } });
  expect(await get('/api/devices/nobody/track')).toMatchObject({ status: 404, body: { field: 'device' } });
});

it('the latest of all devices comes in one answer, or those of an area', async () => {
  const { body } = await get('/api/latest');
  expect(body.latest.map(({ ident }: { ident: string }) => ident)).toEqual(IDENTS);
  expect(body.latest[2]).toMatchObject({
    name: null,
    time: date(1_190),
    type: 'sen:loc',
    data: { lat: 48.06, lon: 4 },
  });
  const some = await get('/api/latest?bbox=2.5,0,4.5,90&fields=lon');
  expect(some.body.latest.map(({ data }: { data: unknown }) => data)).toEqual([{ lon: 3 }, { lon: 4 }]);
  expect((await get('/api/latest?from=2030-01-01')).body).toEqual({ latest: [] });
  const geojson = await get('/api/latest?format=geojson');
  expect(JSON.parse(geojson.body).features).toHaveLength(IDENTS.length);
  expect((await get('/api/latest?format=csv')).body.trim().split('\n')).toHaveLength(IDENTS.length + 1);
  expect(await get('/api/latest?bbox=1')).toMatchObject({ status: 400, body: { field: 'bbox' } });
});

it('what did not change is not sent again', async () => {
  const path = `/api/devices/${A}/readings?limit=5`;
  const { headers } = await get(path);
  const tag = headers.get('etag') ?? '';
  expect(tag).toMatch(/^W\/"/);
  expect(headers.get('cache-control')).toBe('private, no-cache');
  for (const given of [tag, `"x", ${tag}`, tag.slice(2), '*'])
    expect(await get(path, { 'if-none-match': given })).toMatchObject({ status: 304, body: '' });
  await gateway.api('POST', `/api/devices/${A}/readings`, { type: 'sen:temp', data: 1 });
  const changed = await get(path, { 'if-none-match': tag });
  expect(changed.status).toBe(200);
  expect(changed.headers.get('etag')).not.toBe(tag);
});

it('long answers and streams are compressed for those who take it, and are the same', async () => {
  const plain = async (path: string, encoding: string) => {
    const headers = { authorization: `Bearer ${gateway.token}`, 'accept-encoding': encoding };
    const response = await fetch(gateway.url + path, { headers });
    return { encoding: response.headers.get('content-encoding'), text: await response.text() };
  };
  for (const path of [`/api/devices/${A}/readings`, `/api/devices/${A}/readings?format=ndjson`, '/api/latest']) {
    const { text } = await plain(path, 'identity');
    for (const encoding of ['gzip', 'br']) expect(await plain(path, encoding)).toEqual({ encoding, text });
  }
  expect(await plain('/api/devices?limit=1', 'gzip')).toMatchObject({ encoding: null });
});
