import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { randomFrom } from '../durability/random.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { newIdent } from '../protocols/complete.js';

const BARRIERS = 100;
/** Milliseconds within which the neighbour's barrier must be answered, whatever others do. */
const PATIENCE = 2_000;
const LENGTH_BOMBS = 1_000;
/** What announces much, where lines and the like are not what is waited for. */
const BOMBS: ReadonlyMap<string, Buffer> = new Map([
  ['m2mp', Buffer.from('617fffffff01', 'hex')],
  ['teltonika', Buffer.from('000000000000ffff08', 'hex')],
  ['osmand', Buffer.from('POST / HTTP/1.1\r\nContent-Length: 65536\r\n\r\n')],
]);

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest({ 'provision-limit': 0 });
});
afterAll(() => gateway.remove());

/** Sends barriers one by one, each behind a reading, and gives the longest time one took. */
async function disturbed(name: string, nuisance: (port: number) => Promise<void>): Promise<number> {
  const protocol = protocols.find((one) => one.name === name)!;
  const device = await DeviceOnASocket.identified(protocol, gateway.port(name), protocol.ident);
  let stop = false;
  const noise = (async () => {
    while (!stop) await nuisance(gateway.port(name));
  })();
  let longest = 0;
  for (let n = 0; n < BARRIERS; n++) {
    const started = performance.now();
    device.send(device.side.location({ time: Date.UTC(2026, 0, 1) + n * 1_000, lat: 48, lon: 2 }));
    await device.barrier(n % 256);
    longest = Math.max(longest, performance.now() - started);
  }
  stop = true;
  await noise;
  device.end();
  return longest;
}

function noise(port: number, ...chunks: (Buffer | string)[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.on('close', () => resolve());
    socket.on('data', () => {});
    for (const chunk of chunks) socket.write(chunk);
    socket.end();
  });
}

describe.each(protocols.map(({ name }) => name))('a device that speaks %s is not disturbed', (name) => {
  it('by random bytes on other connections', async () => {
    const random = randomFrom(1);
    const bytes = () => Buffer.from(Array.from({ length: 2_000 }, () => Math.floor(random() * 256)));
    expect(await disturbed(name, (port) => noise(port, bytes()))).toBeLessThan(PATIENCE);
  });

  it('by devices that go in the midst of everything', async () => {
    const protocol = protocols.find((one) => one.name === name)!;
    const nuisance = async (port: number) => {
      const { side, ...other } = await DeviceOnASocket.connect(protocol, port);
      other.socket.write(Buffer.concat([side.identify(newIdent(protocol)), side.barrier(1)]));
      await sleep(Math.random() * 5);
      other.socket.resetAndDestroy();
    };
    expect(await disturbed(name, nuisance)).toBeLessThan(PATIENCE);
  });

  it('by many who announce much and send nothing', async () => {
    const before = process.memoryUsage().rss;
    const bomb = BOMBS.get(name) ?? Buffer.alloc(60_000, 'x');
    const sockets = await Promise.all(
      Array.from({ length: LENGTH_BOMBS }, () =>
        DeviceOnASocket.connect(protocols.find((one) => one.name === name)!, gateway.port(name)),
      ),
    );
    for (const { socket } of sockets) socket.write(bomb);
    expect(await disturbed(name, () => sleep(1))).toBeLessThan(PATIENCE);
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * 1_024 * 1_024);
    for (const socket of sockets) socket.end();
  });
});
