import { afterAll, beforeAll, expect, it } from 'vitest';
import { MAX_SENSOR_READINGS } from '../../src/api/sensors.js';
import { m2mp } from '../cli/program.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Answer, type Ask, type Contract, openContract } from './contract.js';

let gateway: GatewayUnderTest;
let contract: Contract;
const post = (body: unknown, query = '', given: Ask = {}): Promise<Answer> =>
  contract.ask('POST', `/api/sensors${query}`, { body, ...given });
const get = (query = '', given: Ask = {}): Promise<Answer> => contract.ask('GET', `/api/sensors${query}`, given);
const now = Date.now();

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  contract = await openContract(gateway);
});
afterAll(() => gateway.remove());

it('a reading is stored with its date, ISO 8601 or UNIX, and read the newest first', async () => {
  const times = [new Date(now - 4_000).toISOString(), Math.floor(now / 1_000) - 3, String(now - 2_000), now - 1_000];
  for (const [n, time] of times.entries()) expect((await post({ sensor: 'a', time, reading: n })).status).toBe(201);
  expect((await post({ sensor: 'a', reading: 'now' })).body).toEqual({ stored: 1 });
  const { body } = await get('?sensor=a');
  expect(body.readings.map(({ reading }: { reading: unknown }) => reading)).toEqual(['now', 3, 2, 1, 0]);
  expect(body.readings[1]).toEqual({ sensor: 'a', time: new Date(now - 1_000).toISOString(), reading: 3 });
});

it('a form has the same as JSON in its field value', async () => {
  const form = (fields: Record<string, string>) =>
    contract.ask('POST', '/api/sensors', {
      raw: { type: 'application/x-www-form-urlencoded', bytes: String(new URLSearchParams(fields)) },
    });
  const value = JSON.stringify({ sensor: 'form', time: Math.floor(now / 1_000), reading: '21,5 °C & more' });
  expect((await form({ value })).status).toBe(201);
  expect((await get('?sensor=form')).body.readings).toMatchObject([{ reading: '21,5 °C & more' }]);
  expect(await form({ other: value })).toMatchObject({ status: 400, body: { field: 'value' } });
  expect(await form({ value: '{' })).toMatchObject({ status: 400, body: { field: 'body' } });
  expect(await form({ value: '{"sensor":"form"}' })).toMatchObject({ status: 400, body: { field: 'reading' } });
});

it('as many as may be are stored at once, and sent again are the same; days and pages limit what is read', async () => {
  const readings = Array.from({ length: MAX_SENSOR_READINGS }, (_, n) => ({
    sensor: `bulk-${n % 10}`,
    time: new Date(now - n * 60_000).toISOString(),
    reading: n,
  }));
  for (let again = 0; again < 2; again++)
    expect((await post({ readings })).body).toEqual({ stored: MAX_SENSOR_READINGS });
  const found: number[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await get(`?sensor=bulk-3&days=30&limit=400${cursor}`);
    found.push(...body.readings.map(({ reading }: { reading: number }) => reading));
    if (body.next === null) break;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
  expect(found).toEqual(Array.from({ length: 1_000 }, (_, n) => 10 * n + 3));
  expect((await get('?sensor=bulk-0&days=1&limit=1000')).body.readings.length).toBeLessThanOrEqual(144);
  expect(await post({ readings: [...readings, readings[0]] })).toMatchObject({
    status: 400,
    body: { field: 'readings' },
  });
}, 60_000);

it('the names are listed, page by page', async () => {
  const names: string[] = [];
  for (let cursor = ''; ; ) {
    const { body } = await get(`?limit=5${cursor}`);
    names.push(...body.sensors);
    if (body.next === null) break;
    cursor = `&cursor=${encodeURIComponent(body.next)}`;
  }
  expect(names).toEqual(['a', ...Array.from({ length: 10 }, (_, n) => `bulk-${n}`), 'form']);
});

it('each domain has names and sensors of its own', async () => {
  await contract.ask('POST', '/api/domains', { body: { name: 'north' } });
  const make = { name: 'board', role: 'operator', domain: 'north' };
  const { token } = (await contract.ask('POST', '/api/tokens', { body: make })).body;
  expect((await get('', { token })).body.sensors).toEqual([]);
  expect(await get('?sensor=a', { token })).toMatchObject({ status: 404, body: { field: 'sensor' } });
  await post({ sensor: 'a', reading: 'of the north' }, '', { token });
  expect((await get('?sensor=a', { token })).body.readings).toMatchObject([{ reading: 'of the north' }]);
  expect((await get('?sensor=a&domain=north')).body.readings).toMatchObject([{ reading: 'of the north' }]);
  expect((await get('?sensor=a&limit=1')).body.readings).toMatchObject([{ reading: 'now' }]);
  await contract.ask('POST', '/api/domains', { body: { name: 'south' } });
  expect(await get('?domain=south', { token })).toMatchObject({ status: 404, body: { field: 'domain' } });
});

it.each([
  [{ sensor: 'a/b', reading: 1 }, 'sensor'],
  [{ sensor: '', reading: 1 }, 'sensor'],
  [{ reading: 1 }, 'sensor'],
  [{ sensor: 'a' }, 'reading'],
  [{ sensor: 'a', reading: 'x'.repeat(5_000) }, 'reading'],
  [{ sensor: 'a', reading: 1, time: 'yesterday' }, 'time'],
  [{ sensor: 'a', reading: 1, time: '2026-02-30' }, 'time'],
  [{ sensor: 'a', reading: 1, time: 1e17 }, 'time'],
  [{ readings: [] }, 'readings'],
  [
    {
      readings: [
        { sensor: 'a', reading: 1 },
        { sensor: 'a', reading: 1, time: 'x' },
      ],
    },
    'readings.1.time',
  ],
])('%j is refused, naming %s', async (body, field) => {
  expect(await post(body)).toMatchObject({ status: 400, body: { field } });
});

it('m2mp sensors posts a sample and single values, and fetches them', async () => {
  const run = (...args: string[]) =>
    m2mp(['sensors', ...args], { env: { M2MP_URL: gateway.url, M2MP_TOKEN: gateway.token } });
  expect(await run('post')).toMatchObject({ code: 0, out: '300 stored\n' });
  expect(await run('post', 'FA-2:door', 'open')).toMatchObject({ code: 0, out: '1 stored\n' });
  expect((await run('fetch', 'FA-1')).out).toBe([0, 1, 2, 3, 4].map((n) => `FA-1:sensor-${n}\n`).join(''));
  const { out } = await run('fetch', 'FA-1', 'sensor-0', '1', '--json');
  expect(out.trim().split('\n')).toHaveLength(60);
  expect(JSON.parse((await run('fetch', 'FA-2', 'door', '--json')).out)).toMatchObject({ reading: 'open' });
}, 120_000);
