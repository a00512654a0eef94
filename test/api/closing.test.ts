import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';

/** Seconds. */
const DRAIN = 1;

let gateway: GatewayUnderTest;

beforeEach(async () => {
  gateway = await startGatewayUnderTest({ 'drain-timeout': DRAIN });
});
afterEach(() => gateway.remove());

async function connected(): Promise<Socket> {
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

async function milliseconds(task: () => Promise<void>): Promise<number> {
  const begin = performance.now();
  await task();
  return performance.now() - begin;
}

it('a connection on which nothing was asked does not delay the end', async () => {
  await connected();
  expect(await milliseconds(gateway.stop)).toBeLessThan(DRAIN * 1_000);
});

it('a connection that is kept after its request does not delay the end', async () => {
  const socket = await connected();
  socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(socket, 'data');
  expect(await milliseconds(gateway.stop)).toBeLessThan(DRAIN * 1_000);
});

it('an upload that stands still is broken off when the time to drain is over', async () => {
  const socket = await connected();
  socket.write(
    `PUT /api/firmware/v1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.token}\r\nExpect: 100-continue\r\n` +
      'Content-Type: application/octet-stream\r\nContent-Length: 3000000\r\n\r\n',
  );
  await once(socket, 'data');
  socket.write('some of it');
  const taken = await milliseconds(gateway.stop);
  expect(taken).toBeGreaterThan(DRAIN * 900);
  expect(taken).toBeLessThan(DRAIN * 5_000);
});

it('a request that is under way is answered before the end', async () => {
  const body = '{"path":"/notes/","values":{"owner":"workshop"}}';
  const socket = await connected();
  socket.write(
    `PUT /api/registry HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${gateway.token}\r\nExpect: 100-continue\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  await once(socket, 'data');
  const stopped = gateway.stop();
  socket.write(body);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toMatch(/^HTTP\/1.1 200 /);
  await stopped;
});
