import { Client } from '@opensearch-project/opensearch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { SERVICE_TIMEOUT, sharedOpenSearch, skipWithout } from '../services/services.js';
import { openContract } from './contract.js';

const [PARIS, LYON, SILENT] = ['imei:490154203237518', 'imei:351756051523999', 'imei:356938035643809'] as const;
const DAY = 86_400_000;

const places: Readonly<Record<string, { lat: number; lon: number }>> = {
  [PARIS]: { lat: 48.8566, lon: 2.3522 },
  [LYON]: { lat: 45.764, lon: 4.8357 },
};

/** What holds over the registry and over an index alike. */
function suite(options: () => Promise<Record<string, unknown>>): void {
  let gateway: GatewayUnderTest;
  let time = Date.now();
  const sockets: DeviceOnASocket[] = [];

  beforeAll(async () => {
    gateway = await startGatewayUnderTest(await options(), {
      clock: { now: () => time, monotonic: () => performance.now() },
    });
    time -= 2 * DAY;
    for (const ident of [SILENT, PARIS, LYON]) {
      if (ident === PARIS) time += 2 * DAY;
      const socket = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
      if (ident === SILENT) {
        socket.send(socket.side.reading('sen:temp', '20', time));
        await socket.barrier();
        socket.end();
        // Its end is noted while it is still yesterday's yesterday.
        await until(async () => (await gateway.api('GET', '/api/connections')).body.connections.length === 0);
        continue;
      }
      sockets.push(socket);
      const place = places[ident];
      if (place) socket.send(socket.side.location({ time, ...place }));
      await socket.barrier();
    }
    await gateway.api('PUT', `/api/devices/${LYON}/settings/interval`, { value: '60' });
    await gateway.api('PUT', `/api/devices/${PARIS}/settings/apn`, { value: 'My Net' });
    for (const name of ['ours', 'theirs']) await gateway.api('POST', '/api/domains', { name });
    await gateway.api('PATCH', `/api/devices/${PARIS}`, { name: 'Van 7', domain: 'ours' });
    await gateway.api('PATCH', `/api/devices/${LYON}`, { name: 'Lorry 8', domain: 'theirs' });
    // An index is there, and follows, a moment later.
    await until(async () => (await gateway.api('GET', '/api/search?q=imei')).status === 200);
    for (const q of ['apn=', 'interval=60', 'lorry', 'near:48.9,2.3', 'near:45.8,4.8', 'silent:1s'])
      await until(async () => (await found(q === 'apn=' ? '"apn=My Net"' : q)).length > 0);
  }, SERVICE_TIMEOUT + 60_000);
  afterAll(async () => {
    for (const socket of sockets) socket.end();
    await gateway?.remove();
  });

  async function found(q: string, token?: string): Promise<string[]> {
    const { ask } = await openContract(gateway);
    const { status, body } = await ask('GET', `/api/search?q=${encodeURIComponent(q)}`, token ? { token } : {});
    expect(status, JSON.stringify(body)).toBe(200);
    return body.devices.map((one: { device: { ident: string } }) => one.device.ident);
  }

  it('finds devices by ident, name and any setting, in any case', async () => {
    expect(await found('imei:')).toEqual([LYON, SILENT, PARIS]);
    expect(await found('VAN')).toEqual([PARIS]);
    expect(await found('my')).toEqual([PARIS]);
    expect(await found('"apn=My Net"')).toEqual([PARIS]);
    expect(await found('apn=my')).toEqual([]);
    expect(await found('interval=60')).toEqual([LYON]);
    expect(await found('interval=60 van')).toEqual([]);
    expect(await found('*')).toEqual([]);
  });

  it('finds devices near a point, and those that are silent', async () => {
    expect(await found('near:48.85,2.35,5')).toEqual([PARIS]);
    expect(await found('near:48.85,2.35,500')).toEqual([LYON, PARIS]);
    expect(await found('silent:1d')).toEqual([SILENT]);
    expect(await found('silent:3d')).toEqual([]);
  });

  it('gives where and when a device was last, page by page', async () => {
    const { ask } = await openContract(gateway);
    const first = (await ask('GET', '/api/search?q=imei&limit=1')).body;
    expect(first.devices).toMatchObject([{ device: { ident: LYON }, place: places[LYON] }]);
    const second = (await ask('GET', `/api/search?q=imei&limit=2&cursor=${encodeURIComponent(first.next)}`)).body;
    expect(second.devices.map((one: any) => one.device.ident)).toEqual([SILENT, PARIS]);
    expect(second).toMatchObject({ next: null, devices: [{ place: null }, { place: places[PARIS] }] });
  });

  it('shows to the people of a domain its devices alone', async () => {
    const make = { role: 'viewer', name: 'ours', domain: 'ours' };
    const { token } = (await gateway.api('POST', '/api/tokens', make)).body;
    expect(await found('imei:', token)).toEqual([PARIS]);
    expect(await found('interval=60', token)).toEqual([]);
    // At once, however far behind an index is.
    await gateway.api('PATCH', `/api/devices/${PARIS}`, { domain: 'theirs' });
    expect(await found('imei:', token)).toEqual([]);
  });

  it('says what it does not take', async () => {
    const { ask } = await openContract(gateway);
    expect((await ask('GET', '/api/search?q=near:x')).body).toMatchObject({ status: 400, field: 'q' });
    expect((await ask('GET', '/api/search')).body).toMatchObject({ status: 400, field: 'q' });
  });
}

describe('a search over the registry', () => suite(async () => ({})));

describe.skipIf(skipWithout('opensearch'))('a search over an index', () => {
  suite(async () => {
    const url = `http://${(await sharedOpenSearch()).address}:9200`;
    const client = new Client({ node: url });
    await client.indices.delete({ index: 'search-test-*' });
    await client.close();
    return { 'search-nodes': url, 'search-prefix': 'search-test', 'search-sweep': 1 };
  });
});

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 100));
}
