import { afterEach, beforeEach, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { MAX_STREAMS } from '../../src/api/events.js';
import { serverSentEvents } from '../../src/cli/event-stream.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';

const IDENT = 'imei:490154203237518';

let gateway: GatewayUnderTest;
let stop: AbortController;

beforeEach(async () => {
  gateway = await startGatewayUnderTest();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await gateway.remove();
});

function open(query = ''): Promise<Response> {
  const headers = { authorization: `Bearer ${gateway.token}` };
  return fetch(`${gateway.url}/api/events${query}`, { headers, signal: stop.signal });
}

async function opened(query = '') {
  const events = serverSentEvents(await open(query))[Symbol.asyncIterator]();
  return async () => {
    const { value } = await events.next();
    return value && { event: value.event, ...JSON.parse(value.data) };
  };
}

it('a connection is told from its beginning to its end, with its readings between', async () => {
  const next = await opened();
  const device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT);
  device.send(device.side.reading('sen:temp', '21.5', Date.UTC(2026, 0, 1)));
  await device.barrier();
  expect(await next()).toMatchObject({ event: 'connected', protocol: 'm2mp' });
  const identified = await next();
  expect(identified).toMatchObject({ event: 'identified', device: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  const reading = await next();
  device.end();
  const last = await next();
  expect(reading).toEqual({
    event: 'reading',
    device: identified.device,
    ident: IDENT,
    time: '2026-01-01T00:00:00.000Z',
    type: 'sen:temp',
    data: '21.5',
    id: expect.any(String),
  });
  expect(last).toMatchObject({ event: 'disconnected', connection: identified.connection });
});

it('readings of one type come without others and without connections, posted ones too, and only when they are stored', async () => {
  (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT)).end();
  const next = await opened('?type=sen:volt');
  const device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT);
  device.send(device.side.reading('sen:temp', '21.5', null), device.side.reading('sen:volt', '12.1', null));
  expect(await next()).toMatchObject({ event: 'reading', type: 'sen:volt', data: '12.1' });
  const { body } = await gateway.api('POST', `/api/devices/${IDENT}/readings`, { type: 'sen:volt', data: 12.5 });
  expect(await next()).toMatchObject({ event: 'reading', data: 12.5, id: body.readings[0].id });
  const stored = await gateway.api('GET', `/api/devices/${IDENT}/readings?type=sen:volt`);
  expect(stored.body.readings.map(({ data }: { data: unknown }) => data)).toEqual([12.5, '12.1']);
  device.end();
});

it('a stream says that the gateway stops, and ends', async () => {
  const next = await opened();
  const stopped = gateway.stop();
  expect(await next()).toEqual({ event: 'end', why: 'the gateway stops' });
  expect(await next()).toBeUndefined();
  await stopped;
});

it('there are so many streams and no more, and one that ends makes room', async () => {
  const first = new AbortController();
  const headers = { authorization: `Bearer ${gateway.token}` };
  // All are kept until the end: a stream that nobody has any more is closed when garbage is collected.
  const held = [await fetch(`${gateway.url}/api/events`, { headers, signal: first.signal })];
  for (let n = 1; n < MAX_STREAMS; n++) held.push(await open());
  expect(held.every(({ status }) => status === 200)).toBe(true);
  const refused = await open();
  expect({ status: refused.status, body: await refused.json() }).toMatchObject({
    status: 503,
    body: { detail: expect.stringContaining(String(MAX_STREAMS)) },
  });
  first.abort();
  await expect.poll(async () => (await open()).status, { timeout: 20_000 }).toBe(200);
  expect(held.slice(1).some(({ bodyUsed }) => bodyUsed)).toBe(false);
}, 60_000);
