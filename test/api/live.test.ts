/** Listening to what happens: by server-sent events and by WebSocket, again after being away, and too slowly. */
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';

const A = 'imei:490154203237518';
const B = 'imei:490154203237526';

interface Heard {
  readonly event: string;
  readonly id?: string;
  readonly data: any;
}

interface Listening {
  /** The next event that is no sign of a connection. */
  next(): Promise<Heard | undefined>;
  close(): void;
}

let gateway: GatewayUnderTest;
const closes: (() => void)[] = [];

beforeEach(async () => {
  gateway = await startGatewayUnderTest();
  for (const ident of [A, B]) (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident)).end();
});
afterEach(async () => {
  for (const close of closes.splice(0)) close();
  await gateway.remove();
});

/** Connects by WebSocket; an answer that is no upgrade rejects with its status. */
async function byWebSocket(query = '', token = gateway.token): Promise<Listening> {
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/api/events${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const heard: Heard[] = [];
  let wake = () => {};
  let closed = false;
  socket.on('message', (data) => {
    heard.push(JSON.parse(String(data)));
    wake();
  });
  socket.on('close', () => {
    closed = true;
    wake();
  });
  closes.push(() => socket.terminate());
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, response) => reject(new Error(String(response.statusCode))));
    socket.once('error', reject);
  });
  return {
    close: () => socket.terminate(),
    async next() {
      for (;;) {
        const one = heard.shift();
        if (one && !/connected|identified/.test(one.event)) return one;
        if (!one && closed) return undefined;
        if (!one) await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

async function bySse(query = '', lastEventId?: string): Promise<Listening> {
  const stop = new AbortController();
  const response = await fetch(`${gateway.url}/api/events${query}`, {
    headers: { authorization: `Bearer ${gateway.token}`, ...(lastEventId && { 'last-event-id': lastEventId }) },
    signal: stop.signal,
  });
  expect(response.status).toBe(200);
  closes.push(() => stop.abort());
  async function* events() {
    let text = '';
    for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + bytes).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const [event, id, data] = [field('event'), field('id'), field('data')];
        if (event && data && !/connected|identified/.test(event))
          yield { event, ...(id && { id }), data: JSON.parse(data) };
      }
    }
  }
  const all = events();
  return { close: () => stop.abort(), next: async () => (await all.next()).value as Heard | undefined };
}

const ways = {
  SSE: bySse,
  WebSocket: (query = '', id?: string) => byWebSocket(id ? `${query || '?'}&after=${id}` : query),
};

let posted = 0;
async function post(ident: string, count = 1, data: unknown = 'x'): Promise<string[]> {
  const readings = Array.from({ length: count }, () => ({
    type: 'sen:n',
    time: new Date(Date.now() - 60_000 + ++posted).toISOString(),
    data,
  }));
  const { status, body } = await gateway.api('POST', `/api/devices/${ident}/readings`, { readings });
  expect(status).toBe(201);
  return body.readings.map(({ id }: { id: string }) => id);
}

it.each(['SSE', 'WebSocket'] as const)(
  '%s: what is of these devices and types comes, with an id, and nothing else',
  async (way) => {
    const { next } = await ways[way](`?device=${A}&type=sen:n&type=sen:m`);
    await post(B);
    await gateway.api('POST', `/api/devices/${A}/readings`, { type: 'sen:other', data: 1 });
    const [id] = await post(A);
    expect(await next()).toMatchObject({
      event: 'reading',
      id: expect.stringMatching(/^\d+-\d+-\w+$/),
      data: { ident: A, id },
    });
    await gateway.api('POST', `/api/devices/${A}/readings`, { type: 'sen:m', data: 1 });
    expect(await next()).toMatchObject({ event: 'reading', data: { type: 'sen:m' } });
  },
);

it.each(['SSE', 'WebSocket'] as const)(
  '%s: who comes again soon goes on behind the last event, and nothing comes twice',
  async (way) => {
    const first = await ways[way]('?type=sen:n');
    const ids = [...(await post(A)), ...(await post(B))];
    const heard = [await first.next(), await first.next()];
    expect(heard.map((one) => one?.data.id)).toEqual(ids);
    first.close();
    const missed = [...(await post(A, 3)), ...(await post(B, 2))];
    const again = await ways[way]('?type=sen:n', heard[1]?.id);
    const found = [];
    for (let one = await again.next(); one?.event === 'reading'; one = await again.next()) found.push(one.data.id);
    expect(found).toEqual(missed);
    const [later] = await post(A);
    expect((await again.next())?.data.id).toBe(later);
  },
);

it('who comes again after the gateway was started anew gets what arrived meanwhile, from the store', async () => {
  const first = await bySse('?type=sen:n');
  const [known] = await post(A);
  const last = await first.next();
  expect(last?.data.id).toBe(known);
  first.close();
  const missed = [...(await post(A, 300)), ...(await post(B, 20))];
  const { directory } = gateway;
  await gateway.stop();
  gateway = await startGatewayUnderTest({}, { directory });
  try {
    const again = await bySse('?type=sen:n', last?.id);
    const found = new Set<string>();
    let one = await again.next();
    for (; one?.event === 'reading'; one = await again.next()) found.add(one.data.id);
    expect(missed.filter((id) => !found.has(id))).toEqual([]);
    expect(one).toMatchObject({ event: 'resumed', data: { count: found.size } });
    const [later] = await post(B);
    expect((await again.next())?.data.id).toBe(later);
    const ofOne = await bySse(`?device=${B}`, last?.id);
    expect((await ofOne.next())?.data.ident).toBe(B);
  } finally {
    await gateway.remove();
    await rm(directory, { recursive: true, force: true });
  }
});

it('who reads too slowly is told how much he missed, and can come again for it', async () => {
  const { port } = new URL(gateway.url);
  const socket = connect(Number(port), '127.0.0.1');
  closes.push(() => socket.destroy());
  socket.pause();
  socket.write(`GET /api/events?type=sen:n HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.token}\r\n\r\n`);
  await expect.poll(async () => (await gateway.api('GET', '/api/connections')).status).toBe(200);
  const other = await bySse('?type=sen:m');
  const all: string[] = [];
  const long = 'y'.repeat(900);
  for (let n = 0; n < 20; n++) all.push(...(await post(A, 1_000, long)));
  // What was told after all of them was told to everybody.
  await gateway.api('POST', `/api/devices/${B}/readings`, { type: 'sen:m', data: 1 });
  await other.next();
  let text = '';
  socket.on('data', (bytes) => (text += bytes));
  socket.resume();
  const missed = () => [...text.matchAll(/event: missed\ndata: (.*)\n/g)].map(([, json = '']) => JSON.parse(json));
  const got = () => text.match(/^event: reading/gm)?.length ?? 0;
  await expect
    .poll(() => missed().reduce((sum, { count }) => sum + count, got()), { timeout: 30_000, interval: 200 })
    .toBe(all.length);
  const told = missed()[0];
  expect(told.count).toBeGreaterThan(0);
  const again = await bySse('?type=sen:n', told.after);
  const found: string[] = [];
  for (let one = await again.next(); one?.event === 'reading'; one = await again.next()) found.push(one.data.id);
  expect(found.slice(-told.count)).toEqual(all.slice(-told.count));
}, 60_000);

it('a WebSocket is refused before it opens, and told when the gateway stops', async () => {
  await expect(byWebSocket('', 'wrong')).rejects.toThrow('401');
  await expect(byWebSocket('?device=nobody')).rejects.toThrow('404');
  await expect(byWebSocket('?after=x')).rejects.toThrow('400');
  const { next } = await byWebSocket();
  const stopped = gateway.stop();
  expect(await next()).toEqual({ event: 'end', data: { why: 'the gateway stops' } });
  expect(await next()).toBeUndefined();
  await stopped;
});

it('who may see a domain alone is told of it alone, and over all domains one can be chosen', async () => {
  await gateway.api('POST', '/api/domains', { name: 'north' });
  await gateway.api('PATCH', `/api/devices/${A}`, { domain: 'north' });
  const make = { name: 'north', role: 'viewer', domain: 'north' };
  const { token } = (await gateway.api('POST', '/api/tokens', make)).body;
  for (const open of [() => byWebSocket('?type=sen:n', token), () => byWebSocket('?type=sen:n&domain=north')]) {
    const { next } = await open();
    await post(B);
    const [id] = await post(A);
    expect((await next())?.data.id).toBe(id);
  }
  await expect(byWebSocket('?domain=default', token)).rejects.toThrow('404');
  await expect(byWebSocket(`?device=${B}&domain=north`)).rejects.toThrow('404');
});
