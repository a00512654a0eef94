import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { datagram } from '../../protocols/teltonika/datagrams.js';
import { CODEC, recordsContent } from '../../protocols/teltonika/records.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.js';

const IMEI = '352093081429150';
const record = (time: number) => ({ time, lat: 54.7, lon: 25.3, sat: 9 });
const said = (packetId: number, imei: string, ...times: number[]) =>
  datagram({ packetId, avlPacketId: 7, imei, content: recordsContent(CODEC.avl, times.map(record)) });

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest({ protocols: 'auto', 'auto-port': 0 });
});
afterAll(() => gateway.remove());

let device: Socket;
beforeEach(() => {
  device = createSocket('udp4');
});
afterEach(() => device.close());

/** Sends a datagram, again where no answer comes, and resolves to the answer. */
async function answered(bytes: Buffer, port: number): Promise<string> {
  const again = setInterval(() => device.send(bytes, port, '127.0.0.1'), 1_000);
  device.send(bytes, port, '127.0.0.1');
  const [answer]: Buffer[] = await once(device, 'message');
  clearInterval(again);
  return answer!.toString('hex');
}

it.each(['teltonika', 'auto'])(
  'records in datagrams to the port of %s are counted when they are stored',
  async (name) => {
    const first = Date.UTC(2026, 0, 1) + (name === 'auto' ? 10_000 : 0);
    expect(await answered(said(0xcafe, IMEI, first, first + 1_000), gateway.port(name))).toBe('0005cafe010702');
    expect(await answered(said(0xcaff, IMEI, first + 2_000), gateway.port(name))).toBe('0005caff010701');
    const from = new Date(first).toISOString();
    const { body } = await gateway.api(
      'GET',
      `/api/devices/imei:${IMEI}/readings?type=sen:loc&order=asc&from=${from}&limit=3`,
    );
    expect(body.readings.map(({ time }: { time: string }) => Date.parse(time) - first)).toEqual([0, 1_000, 2_000]);
  },
);

it('another device behind the same address and port is another device', async () => {
  const other = '352093081429151';
  const port = gateway.port('teltonika');
  await answered(said(1, IMEI, Date.UTC(2026, 1, 1)), port);
  await answered(said(2, other, Date.UTC(2026, 1, 1)), port);
  await answered(said(3, IMEI, Date.UTC(2026, 1, 2)), port);
  const { body } = await gateway.api('GET', `/api/devices/imei:${other}/readings?type=sen:loc`);
  expect(body.readings).toHaveLength(1);
});

it('what is no datagram of a device opens no connection, and neither it nor a broken one is answered', async () => {
  const port = gateway.port('teltonika');
  const opened = async () =>
    /m2mp_connections_opened_total\{protocol="teltonika"\} (\d+)/.exec(
      (await gateway.api('GET', '/metrics')).body,
    )?.[1];
  const before = Number((await opened()) ?? 0);
  device.send(Buffer.from('hello'), port, '127.0.0.1');
  const broken = said(4, IMEI, Date.UTC(2026, 2, 1));
  broken[broken.length - 1] = 2;
  device.send(broken, port, '127.0.0.1');
  expect(await answered(said(5, IMEI, Date.UTC(2026, 2, 2)), port)).toBe('00050005010701');
  expect(Number(await opened())).toBe(before + 1);
});

it('texts and packets of H02 in datagrams are stored, and commands go out as datagrams', async () => {
  const port = gateway.port('h02');
  const said = (text: string) => answered(Buffer.from(text), port).then((hex) => Buffer.from(hex, 'hex').toString());
  const location = '*HQ,4109170001,V1,083015,A,2232.7632,N,11401.5584,E,22.68,143,010326,FFFFFBFF#';
  expect(await said(location)).toMatch(/^\*HQ,4109170001,V4,V1,\d{14}#$/);
  const packet = Buffer.from('2441091700010830250103262212874500113466574e014028fffffbff000000', 'hex');
  device.send(packet, port, '127.0.0.1');
  expect(await said('*HQ,4109170001,HTBT,87#')).toBe('*HQ,4109170001,HTBT,87#');
  const readings = async () =>
    (await gateway.api('GET', '/api/devices/h02:4109170001/readings?type=sen:loc&order=asc')).body.readings;
  await expect
    .poll(readings)
    .toMatchObject([{ time: '2026-03-01T08:30:15.000Z' }, { time: '2026-03-01T08:30:25.000Z', data: { spd: 25.9 } }]);
  const told = once(device, 'message');
  await gateway.api('POST', '/api/devices/h02:4109170001/commands', { text: 'S20,1,1' });
  const [command]: Buffer[] = await told;
  expect(String(command)).toMatch(/^\*HQ,4109170001,S20,\d{6},1,1#$/);
});
