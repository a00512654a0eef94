import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { MAX_FIRMWARE } from '../../src/api/firmware.js';
import { MAX_BODY } from '../../src/api/server.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Answer, type Contract, openContract } from './contract.js';

const IDENT = 'imei:490154203237518';
const device = `/api/devices/${IDENT}`;

let gateway: GatewayUnderTest;
let contract: Contract;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  contract = await openContract(gateway);
  (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT)).end();
});
afterAll(() => gateway.remove());

const json = (bytes: string): { raw: { type: string; bytes: string } } => ({
  raw: { type: 'application/json', bytes },
});
const problem = ({ status, type, body }: Answer) => ({ status, type, field: body.field });
const refused = (status: number, field?: string) => ({ status, type: 'application/problem+json', field });

/** Sends a request as it is written and resolves to all that comes back until the other side closes. */
function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.setEncoding('utf8').on('data', (part) => {
      answer += part;
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

const upload = (name: string, length: number, head = '') =>
  `PUT /api/firmware/${name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.token}\r\nConnection: close\r\n` +
  `Content-Type: application/octet-stream\r\nContent-Length: ${length}\r\n\r\n${head}`;

it.each(['limit=0', 'limit=1001', 'limit=1.5', 'limit=1e2', 'limit=', 'limit=-1', 'limit=x', 'limit=1&limit=2'])(
  'a page is refused where it is asked for with %s',
  async (query) => {
    expect(problem(await contract.ask('GET', `/api/devices?${query}`))).toEqual(refused(400, 'limit'));
  },
);

it('true and false are told by these words alone', async () => {
  for (const word of ['true', 'false'])
    expect((await contract.ask('GET', `/api/devices?deleted=${word}`)).status).toBe(200);
  for (const word of ['yes', '1', 'TRUE', '']) {
    const answer = await contract.ask('GET', `/api/devices?deleted=${word}`);
    expect(problem(answer)).toEqual(refused(400, 'deleted'));
    expect(answer.body.takes).toBe('true or false');
  }
});

it('a URL that is no UTF-8, and one that is too long, are told as problems', async () => {
  for (const [path, status] of [
    ['/api/devices/%E0%A4%A', 400],
    [`/api/devices/${'x'.repeat(800)}`, 414],
  ] as const) {
    const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${gateway.token}` } });
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, field: 'path' });
  }
});

it('a JSON body is taken up to its limit and not beyond', async () => {
  const frame = JSON.stringify({ path: '/notes/', values: { text: '' } }).length;
  const sized = (size: number) =>
    contract.ask('PUT', '/api/registry', { body: { path: '/notes/', values: { text: 'x'.repeat(size - frame) } } });
  expect((await sized(MAX_BODY)).status).toBe(200);
  expect(problem(await sized(MAX_BODY + 1))).toEqual(refused(413, 'body'));
});

it('an upload that says it is over its limit is refused before it is sent', async () => {
  const answer = await rawRequest(upload('huge', MAX_FIRMWARE + 1));
  expect(answer).toMatch(/^HTTP\/1.1 413 /);
  expect(answer).toContain('"field":"body"');
});

it('an upload that breaks off is no firmware, and what had its name stays', async () => {
  const bytes = Buffer.from('the old one');
  const before = await contract.ask('PUT', '/api/firmware/v1', { raw: { type: 'application/octet-stream', bytes } });
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.write(upload('v1', 3_000_000, 'x'.repeat(2_000_000)), () => socket.destroy());
  await once(socket, 'close');
  expect((await contract.ask('GET', '/api/firmware/v1')).body).toBe('the old one');
  expect((await contract.ask('GET', '/api/firmware')).body.firmware).toEqual([before.body]);
});

it.each(['"\\ud800"', '"\\ude00\\ud83d"', '"\\ud83d\\ud83d\\ude00"', '"\\ud83dx"', '"\\uDEAD"'])(
  'JSON with half a character is refused: %s',
  async (data) => {
    const answer = await contract.ask('POST', `${device}/readings`, json(`{"type":"sen:text","data":${data}}`));
    expect(problem(answer)).toEqual(refused(400, 'body'));
  },
);

it.each(['"\\ud83d\\ude00"', '"\\\\ud800"', '"\\\\\\ud83d\\ude00"', '"😀"', '["\\n","\\u00e9\\/"]'])(
  'JSON with whole characters is stored as it was: %s',
  async (data) => {
    const type = `sen:text-${data.length}`;
    expect((await contract.ask('POST', `${device}/readings`, json(`{"type":"${type}","data":${data}}`))).status).toBe(
      201,
    );
    const { body } = await contract.ask('GET', `${device}/readings?type=${type}&limit=1`);
    expect(body.readings[0].data).toEqual(JSON.parse(data));
  },
);

it('JSON that would change what objects are is refused', async () => {
  const answer = await contract.ask('PATCH', device, json('{"__proto__":{"name":"x"},"name":"y"}'));
  expect(problem(answer)).toEqual(refused(400, 'body'));
});

it('a reading out of the time that can be stored is refused by its place in the list, and none of the list is stored', async () => {
  const readings = [
    { type: 'sen:early', data: 1 },
    { type: 'sen:early', time: '1500-01-01', data: 2 },
  ];
  const answer = await contract.ask('POST', `${device}/readings`, { body: { readings } });
  expect(problem(answer)).toEqual(refused(400, 'readings.1.time'));
  expect((await contract.ask('GET', `${device}/readings?type=sen:early`)).body.readings).toEqual([]);
});
