import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { completeProtocols } from '../protocols/complete.js';
import { DeviceOnASocket } from './device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest();
});
afterAll(() => gateway.remove());

let number = 0;
const newIdent = () => `imei:${String(++number).padStart(15, '0')}`;
const readingsOf = async (ident: string, type: string) =>
  (await gateway.api('GET', `/api/devices/${ident}/readings?type=${encodeURIComponent(type)}&order=asc`)).body.readings;

describe.each(completeProtocols)('$name: readings', (protocol) => {
  const identified = (ident: string) => DeviceOnASocket.identified(protocol, gateway.port(protocol.name), ident);

  it('are stored when the barrier behind them is answered', async () => {
    const ident = newIdent();
    const device = await identified(ident);
    const time = Date.UTC(2026, 10, 20, 12);
    device.send(
      device.side.location({ time, lat: 48.8566, lon: 2.3522, spd: 50, alt: 35 }),
      device.side.location({ time: time + 1_000, lat: -33.9, lon: 151.2 }),
      device.side.location({ time: time + 2_000, sat: 4 }),
    );
    await device.barrier();
    expect(await readingsOf(ident, 'sen:loc')).toMatchObject([
      { time: '2026-11-20T12:00:00.000Z', type: 'sen:loc', data: { lat: 48.8566, lon: 2.3522, spd: 50, alt: 35 } },
      { time: '2026-11-20T12:00:01.000Z', data: { lat: -33.9, lon: 151.2 } },
      { time: '2026-11-20T12:00:02.000Z', data: { sat: 4 } },
    ]);
  });

  it('that are sent again are stored once, and two different ones of one second are two', async () => {
    const ident = newIdent();
    const time = Date.UTC(2026, 10, 20, 12);
    for (let i = 0; i < 2; i++) {
      const device = await identified(ident);
      device.send(device.side.reading('sen:temp', '20', time), device.side.reading('sen:temp', '21', time));
      await device.barrier();
      device.end();
    }
    const values = (await readingsOf(ident, 'sen:temp')).map(({ data }: { data: string }) => data);
    expect(values.sort()).toEqual(['20', '21']);
  });

  it('dated ahead of the clock are stored and counted, and never become the latest', async () => {
    const ident = newIdent();
    const device = await identified(ident);
    device.send(device.side.reading('sen:temp', 'now', Date.now() - 5_000));
    device.send(device.side.reading('sen:temp', 'ahead', Date.now() + 3_600_000));
    await device.barrier();
    expect(await readingsOf(ident, 'sen:temp')).toHaveLength(2);
    const { body } = await gateway.api('GET', `/api/devices/${ident}/latest`);
    expect(body.latest.find(({ type }: { type: string }) => type === 'sen:temp')).toMatchObject({ data: 'now' });
    expect((await gateway.api('GET', '/metrics')).body).toMatch(/m2mp_readings_future_total\{protocol="\w+"\} [1-9]/);
  });

  it('of a listed sensor mark it', async () => {
    const ident = newIdent();
    const device = await identified(ident);
    device.send(device.side.reading('lsen:tank', '40', null));
    await device.barrier();
    const { body } = await gateway.api('GET', `/api/devices/${ident}/listed-sensors`);
    expect(body.sensors).toMatchObject([{ name: 'tank' }]);
    expect(await readingsOf(ident, 'lsen:tank')).toMatchObject([{ data: '40' }]);
  });

  it('barriers are answered in the order in which they were asked', async () => {
    const device = await identified(newIdent());
    const numbers = Array.from({ length: 50 }, (_, n) => n);
    for (const n of numbers) {
      if (n % 7 === 0) device.send(device.side.settingReported(`s${n}`, '1'));
      device.send(device.side.reading('sen:temp', `${n}`, null), device.side.barrier(n));
    }
    const answered: number[] = [];
    while (answered.length < numbers.length) answered.push((await device.hears('barrier')).n);
    expect(answered).toEqual(numbers);
  });
});

describe('the connection', () => {
  it('leaves events in the series of the device', async () => {
    const ident = newIdent();
    const device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    const listed = (await gateway.api('GET', '/api/connections')).body.connections.find(
      (connection: { ident: string }) => connection.ident === ident,
    );
    expect(listed).toMatchObject({ protocol: 'm2mp', source: expect.stringMatching(/^127\.0\.0\.1:\d+$/) });
    device.end();
    await expect
      .poll(async () => (await readingsOf(ident, '_server')).map(({ data }: { data: { type: string } }) => data.type))
      .toEqual(['device_identified', 'device_disconnected']);
  });

  it('is closed when the operator says so', async () => {
    const ident = newIdent();
    const device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    const { body } = await gateway.api('GET', '/api/connections');
    const { id } = body.connections.find((connection: { ident: string }) => connection.ident === ident);
    await gateway.api('DELETE', `/api/connections/${id}`);
    await device.isClosed();
  });

  it('is closed for itself, or for all of the device, when the device says so', async () => {
    const ident = newIdent();
    const connect = () => DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    const devices = [await connect(), await connect(), await connect()] as const;
    devices[0].send(devices[0].side.reading('_special', 'disconnect_me', null));
    await devices[0].isClosed();
    await devices[2].barrier();
    devices[1].send(devices[1].side.reading('_special', 'disconnect_us', null));
    await devices[1].isClosed();
    await devices[2].isClosed();
  });

  it('hands a channel over to whoever converts it, and keeps the raw data where nobody does', async () => {
    const ident = newIdent();
    await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    await gateway.api('PUT', `/api/devices/${ident}/channel-translation`, {
      priority: 10,
      pattern: '^raw$',
      topic: 'converter-mine',
    });
    const device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    device.send(device.side.reading('raw', 'AB', null));
    await device.barrier();
    expect(await readingsOf(ident, 'raw')).toMatchObject([{ data: { hex: '4142' } }]);
  });
});
