import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { MAX_EXPORTS } from '../../src/api/exports.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Answer, type Contract, openContract } from './contract.js';

const START = Date.UTC(2026, 0, 20, 12);
const A = 'imei:490154203237518';
const B = 'imei:490154203237526';
const DAY = 'from=2026-01-20&to=2026-01-20';

let gateway: GatewayUnderTest;
let contract: Contract;
const get = (path: string): Promise<Answer> => contract.ask('GET', path);
const dataOf = (answer: Answer): unknown[] => answer.body.readings.map(({ data }: { data: unknown }) => data);
const date = (second: number): string => new Date(START + second * 1_000).toISOString();

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  contract = await openContract(gateway);
  for (const ident of [A, B]) {
    (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident)).end();
    const shift = ident === A ? 0 : 1;
    const readings = Array.from({ length: 120 }, (_, n) => [
      { type: 'sen:loc', time: date(10 * n + shift), data: { lat: n / 10, lon: 2 + shift, spd: n } },
      { type: 'sen:temp', time: date(10 * n + shift), data: 20 + n / 10 },
    ]).flat();
    await gateway.api('POST', `/api/devices/${ident}/readings`, { readings });
  }
});
afterAll(() => gateway.remove());

it('fields and an area limit what is given', async () => {
  const answer = await get(`/api/devices/${A}/readings?fields=lat,spd&bbox=1,1,3,1.25&order=asc`);
  expect(dataOf(answer)).toEqual([10, 11, 12].map((n) => ({ lat: n / 10, spd: n })));
});

it('periods come in place of readings, each with what the readings of a type in it come to', async () => {
  const answer = await get(`/api/devices/${A}/readings?${DAY}&type=sen:temp&every=5m&aggregate=avg&order=asc`);
  expect(answer.body.readings).toEqual([
    { time: date(0), type: 'sen:temp', data: expect.closeTo(21.45), count: 30 },
    { time: date(300), type: 'sen:temp', data: expect.closeTo(24.45), count: 30 },
    { time: date(600), type: 'sen:temp', data: expect.closeTo(27.45), count: 30 },
    { time: date(900), type: 'sen:temp', data: expect.closeTo(30.45), count: 30 },
  ]);
  const greatest = await get(`/api/devices/${A}/readings?${DAY}&type=sen:loc&every=1d&aggregate=max`);
  expect(dataOf(greatest)).toEqual([{ lat: 11.9, lon: 2, spd: 119 }]);
});

it('many devices are read as one, by time, in pages', async () => {
  const query = `device=${A}&device=${B}&type=sen:temp&${DAY}&order=asc`;
  const times: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await get(`/api/readings?${query}&limit=50${cursor}`);
    times.push(...body.readings.map((one: { ident: string; time: string }) => `${one.time} ${one.ident}`));
    if (body.next === null) break;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
  const expected = Array.from({ length: 120 }, (_, n) => [`${date(10 * n)} ${A}`, `${date(10 * n + 1)} ${B}`]).flat();
  expect(times).toEqual(expected);
});

it.each([
  ['ndjson', 'application/x-ndjson', (text: string) => text.trim().split('\n').length],
  ['csv', 'text/csv', (text: string) => text.trim().split('\n').length - 1],
  ['geojson', 'application/geo+json', (text: string) => JSON.parse(text).features.length],
  ['gpx', 'application/gpx+xml', (text: string) => text.split('<trkpt ').length - 1],
  ['kml', 'application/vnd.google-earth.kml+xml', (text: string) => text.split('<gx:coord>').length - 1],
])('%s: a stream of all of them, the oldest first, with a name to save it under', async (format, type, count) => {
  const path = `/api/devices/${A}/readings?type=sen:loc&format=${format}`;
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${gateway.token}` } });
  expect(response.headers.get('content-type')).toBe(`${type}; charset=utf-8`);
  expect(response.headers.get('content-disposition')).toMatch(new RegExp(`filename="readings-.*\\.${format}"`));
  expect(count(await response.text())).toBe(120);
  const both = await fetch(`${gateway.url}/api/readings?device=${A}&device=${B}&type=sen:loc&format=${format}`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  expect(count(await both.text())).toBe(240);
  await get(`${path}&limit=2`);
});

it('so many exports run at the same time and no more, and one that is given up makes room', async () => {
  const stop = new AbortController();
  const many = Array.from({ length: 1_000 }, (_, n) => ({ type: 'sen:much', data: 'x'.repeat(900) + n }));
  for (let n = 0; n < 8; n++) await gateway.api('POST', `/api/devices/${B}/readings`, { readings: many });
  const headers = { authorization: `Bearer ${gateway.token}` };
  const url = `${gateway.url}/api/devices/${B}/readings?type=sen:much&format=ndjson`;
  const open = () => fetch(url, { headers, signal: stop.signal });
  const held = await Promise.all(Array.from({ length: MAX_EXPORTS }, open));
  expect(held.map(({ status }) => status)).toEqual(held.map(() => 200));
  expect((await open()).status).toBe(503);
  stop.abort();
  await expect.poll(async () => (await get(`/api/devices/${B}/readings?format=csv&limit=1`)).status).toBe(200);
});

it.each([
  ['every=5m', 'aggregate'],
  ['aggregate=max', 'every'],
  ['every=5x&aggregate=max', 'every'],
  ['every=5m&aggregate=median', 'aggregate'],
  ['fields=,', 'fields'],
  ['bbox=1,2,3', 'bbox'],
  ['bbox=1,2,3,95', 'bbox'],
  ['format=xml', 'format'],
  ['format=csv&cursor=x', 'cursor'],
  ['limit=1001', 'limit'],
  ['cursor=x', 'cursor'],
])('refused: %s, naming %s', async (query, field) => {
  for (const path of [`/api/devices/${A}/readings?${query}`, `/api/readings?device=${A}&${query}`])
    expect(await get(path)).toMatchObject({ status: 400, body: { field } });
});

it('readings of many need devices that are there', async () => {
  expect(await get('/api/readings')).toMatchObject({ status: 400, body: { field: 'device' } });
  expect(await get(`/api/readings?device=${A}&device=nobody`)).toMatchObject({
    status: 404,
    body: { field: 'device' },
  });
  const types = Array.from({ length: 20 }, (_, n) => `type=t${n}`).join('&');
  expect(await get(`/api/readings?device=${A}&${types}`)).toMatchObject({ status: 200 });
});
