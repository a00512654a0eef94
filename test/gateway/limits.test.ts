import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { alip } from '../../protocols/alip/index.js';
import { m2mp } from '../../protocols/m2mp/index.js';
import { completeProtocols } from '../protocols/complete.js';
import { DeviceOnASocket } from './device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.js';

const IDENT = 'imei:123456789012345';
let gateway: GatewayUnderTest;
afterEach(() => gateway.remove());

/** A clock whose hands a test can move. */
function movableClock() {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic: () => performance.now() + ahead,
    advance: (ms: number) => {
      ahead += ms;
    },
  };
}

describe.each(completeProtocols)('$name: silence', (protocol) => {
  it('makes the gateway ask after 15 minutes whether the device is there, and close after 12 hours', async () => {
    const clock = movableClock();
    gateway = await startGatewayUnderTest({}, { clock });
    const device = await DeviceOnASocket.identified(protocol, gateway.port(protocol.name), IDENT);
    clock.advance(14 * 60_000);
    await sleep(1_200);
    expect(device.heard.filter(({ event }) => event === 'aliveAsked')).toEqual([]);
    clock.advance(61_000);
    const { n } = await device.hears('aliveAsked');
    clock.advance(31_000);
    expect((await device.hears('aliveAsked')).n).toBe(n + 1);
    device.send(device.side.aliveAnswer(n + 1));
    await device.barrier();
    clock.advance(60_000);
    await sleep(1_200);
    expect(device.heard.filter(({ event }) => event === 'aliveAsked')).toEqual([]);
    clock.advance(12 * 3_600_000);
    await device.isClosed();
  });
});

it('a device that never reads what it is sent is closed at the bound, and disturbs no other', async () => {
  gateway = await startGatewayUnderTest({ 'unsent-bytes': 65_536 });
  const other = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), 'imei:000000000000001');
  const device = await DeviceOnASocket.identified(alip, gateway.port('alip'), IDENT);
  device.socket.pause();
  const echo = `D echo ${'x'.repeat(60_000)}\n`;
  const flood = setInterval(() => device.send(echo), 1);
  const gone = async () => (await gateway.api('GET', '/api/connections')).body.connections.length === 1;
  for (let i = 0; i < 100 && !(await gone()); i++) await sleep(50);
  clearInterval(flood);
  expect(await gone()).toBe(true);
  await other.barrier();
  device.end();
});

it('refuses connections over the limit, and over the limit of one address', async () => {
  gateway = await startGatewayUnderTest({ 'max-connections': 2 });
  for (let n = 0; n < 2; n++) await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), `imei:00000000000000${n}`);
  await (await DeviceOnASocket.connect(m2mp, gateway.port('m2mp'))).isClosed();
  await gateway.remove();
  gateway = await startGatewayUnderTest({ 'max-connections-per-address': 1 });
  const first = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT);
  await (await DeviceOnASocket.connect(m2mp, gateway.port('m2mp'))).isClosed();
  await first.barrier();
  expect((await gateway.api('GET', '/metrics')).body).toContain('m2mp_connections_refused_total{protocol="m2mp"} 1');
});

it('a connection with too much that is not durable is paused, and loses nothing', async () => {
  gateway = await startGatewayUnderTest({ 'unacknowledged-bytes': 1_024, 'queue-writes': 50 });
  const device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT);
  for (let n = 0; n < 2_000; n++) device.send(device.side.reading('sen:temp', `${n}`, 1_700_000_000_000 + n * 1_000));
  await device.barrier();
  const { body } = await gateway.api('GET', `/api/devices/${IDENT}/readings?type=sen:temp&limit=1000`);
  expect(body.readings).toHaveLength(1_000);
  expect(body.readings[0].data).toBe('1999');
});
