/** Two gateways and a storage worker, over one store and a real nsqd. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { alip } from '../../protocols/alip/index.js';
import { m2mp } from '../../protocols/m2mp/index.js';
import type { Bus, Message } from '../../src/bus/bus.js';
import { createNsqBus } from '../../src/bus/nsq.js';
import { openStore } from '../../src/store/open.js';
import type { Store } from '../../src/store/store.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { addressOf, type Nsq, SERVICE_TIMEOUT, skipWithout, startNsq } from '../services/services.js';
import { until } from '../until.js';

const PATIENCE = 30_000;
/** How often nsqd is killed. */
const KILLS = Number(process.env['M2MP_NSQD_KILLS'] ?? 3);

describe.skipIf(skipWithout('nsq'))('two gateways', { timeout: 90_000 }, () => {
  let nsq: Nsq;
  let store: Store;
  let directory: string;
  let a: GatewayUnderTest;
  let b: GatewayUnderTest;
  let worker: GatewayUnderTest;
  /** That of somebody else's program. */
  let bus: Bus;
  const quit: string[] = [];
  const devices: DeviceOnASocket[] = [];

  beforeAll(async () => {
    nsq = await startNsq('nsq-of-fleet', addressOf(204));
    directory = await mkdtemp(join(tmpdir(), 'm2mp-fleet-'));
    store = await openStore({ directory });
    const start = (name: string, roles: string) => {
      const options = { bus: 'nsq', nsqd: `${nsq.nsqd.address}:4150`, roles };
      return startGatewayUnderTest(options, { directory, store, name, onQuit: () => quit.push(name) });
    };
    a = await start('a', 'gateway,api');
    b = await start('b', 'gateway,api');
    worker = await start('worker', 'storage');
    bus = createNsqBus({
      servers: [{ host: nsq.nsqd.address, port: 4150 }],
      lookups: [],
      name: 'outside',
      now: Date.now,
      random: Math.random,
    });
  }, SERVICE_TIMEOUT);
  afterEach(() => {
    for (const device of devices.splice(0)) device.end();
  });
  afterAll(async () => {
    await Promise.all([bus?.close(), a?.stop(), b?.stop(), worker?.stop()]);
    await store?.close();
    await rm(directory, { recursive: true, force: true });
    nsq?.nsqd.stop();
    nsq?.nsqlookupd.stop();
  });

  let number = 0;
  const newIdent = () => `imei:${String(++number).padStart(15, '7')}`;
  async function connect(to: GatewayUnderTest, ident: string, protocol = m2mp): Promise<DeviceOnASocket> {
    const device = await DeviceOnASocket.identified(protocol, to.port(protocol.name), ident);
    devices.push(device);
    return device;
  }
  async function command(at: GatewayUnderTest, ident: string, text: string): Promise<string> {
    const { status, body } = await at.api('POST', `/api/devices/${ident}/commands`, { text });
    expect(status).toBe(201);
    return body.id;
  }
  async function holders(at: GatewayUnderTest, ident: string): Promise<string[]> {
    const { body } = await at.api('GET', `/api/connections?device=${ident}`);
    return body.connections.map(({ gateway }: { gateway: string }) => gateway);
  }

  it.each([m2mp, alip])('$name: commands and settings posted at one reach a device at the other', async (protocol) => {
    const ident = newIdent();
    const device = await connect(a, ident, protocol);
    const id = await command(b, ident, 'engine stop');
    const heard = await device.hears('command', PATIENCE);
    expect(heard.text).toBe('engine stop');
    device.send(device.side.commandDone(heard.id, 'stopped'));
    await until('it is done', async () => {
      const { body } = await b.api('GET', `/api/devices/${ident}/commands/${id}`);
      return body.state === 'done';
    });
    await b.api('PUT', `/api/devices/${ident}/settings/interval`, { value: '60' });
    expect(await device.hears('setting', PATIENCE)).toMatchObject({ name: 'interval', value: '60' });
  });

  it('they follow a device that moves from one to the other, and so does where it is said to be', async () => {
    const ident = newIdent();
    const before = await connect(a, ident);
    expect(await holders(a, ident)).toEqual(['a']);
    expect(await holders(b, ident)).toEqual(['a']);
    expect((await b.api('GET', `/api/devices/${ident}`)).body.connections).toBe(1);
    const unanswered = await command(b, ident, 'first');
    const { id } = await before.hears('command', PATIENCE);
    before.end();
    const after = await connect(b, ident);
    // It was not done: it comes again, and is the same.
    expect(await after.hears('command')).toMatchObject({ id, text: 'first' });
    expect(id).toBe(unanswered);
    await until('it is at the other alone', async () => (await holders(a, ident)).join() === 'b');
    await command(a, ident, 'second');
    expect(await after.hears('command', PATIENCE)).toMatchObject({ text: 'second' });
  });

  it('the same ident at both at once gives one device, and each connection is told', async () => {
    const ident = newIdent();
    const [first, second] = await Promise.all([connect(a, ident), connect(b, ident)]);
    const ids = await Promise.all([a, b].map(async (at) => (await at.api('GET', `/api/devices/${ident}`)).body.id));
    expect(ids[0]).toBe(ids[1]);
    const { body } = await a.api('GET', '/api/devices?limit=1000');
    expect(body.devices.filter((device: { ident: string }) => device.ident === ident)).toHaveLength(1);
    expect((await holders(a, ident)).sort()).toEqual(['a', 'b']);
    await command(a, ident, 'both');
    for (const device of [first, second]) expect((await device.hears('command', PATIENCE)).text).toBe('both');
    for (const [at, device] of [first, second].entries()) {
      device.send(device.side.reading('sen:temp', `${at}`, Date.UTC(2026, 0, 1)));
      await device.barrier();
    }
    const readings = await b.api('GET', `/api/devices/${ident}/readings?type=sen:temp`);
    expect(readings.body.readings.map(({ data }: { data: string }) => data).sort()).toEqual(['0', '1']);
  });

  it('a connection is closed by the API of the other, and all of a device by the device', async () => {
    const ident = newIdent();
    const [at, other] = [await connect(a, ident), await connect(b, ident)];
    const { body } = await b.api('GET', `/api/connections?device=${ident}`);
    const held = body.connections.find(({ gateway }: { gateway: string }) => gateway === 'a');
    expect((await b.api('DELETE', `/api/connections/${held.id}`)).status).toBe(204);
    await at.isClosed(PATIENCE);
    expect(other.closed).toBe(false);
    const again = await connect(a, ident);
    other.send(other.side.reading('_special', 'disconnect_us', null));
    await other.isClosed(PATIENCE);
    await again.isClosed(PATIENCE);
    await until('nobody holds it', async () => (await holders(b, ident)).length === 0);
  });

  it('nothing posted while nsqd is killed is lost', async () => {
    const ident = newIdent();
    const device = await connect(a, ident);
    nsq.nsqd.signal('SIGKILL');
    const posted = [await command(b, ident, 'at the other'), await command(a, ident, 'at its own')];
    expect((await b.api('PUT', `/api/devices/${ident}/settings/apn`, { value: 'new' })).status).toBe(200);
    await nsq.nsqd.restart();
    const heard = new Set<string>();
    let setting = '';
    await until(
      'all is heard',
      async () => {
        for (const event of device.heard.splice(0)) {
          if (event.event === 'command') heard.add(event.id);
          if (event.event === 'setting') setting = event.value;
        }
        return heard.size === 2 && setting === 'new';
      },
      60_000,
    );
    expect([...heard].sort()).toEqual(posted.sort());
  });

  it(`devices are served, and told, while nsqd is killed ${KILLS} times`, { timeout: KILLS * 60_000 }, async () => {
    const ident = newIdent();
    const device = await connect(a, ident);
    for (let n = 0; n < KILLS; n++) {
      nsq.nsqd.signal('SIGKILL');
      device.send(device.side.reading('sen:temp', `${n}`, Date.UTC(2026, 0, 1) + n * 1_000));
      await device.barrier(n % 256);
      expect((await b.api('PUT', `/api/devices/${ident}/settings/n`, { value: `${n}` })).status).toBe(200);
      await nsq.nsqd.restart();
      await until(
        `setting ${n} is heard`,
        () => device.heard.some((event) => event.event === 'setting' && event.value === `${n}`),
        PATIENCE,
      );
      device.send(device.side.settingReported('n', `${n}`));
    }
    const { body } = await b.api('GET', `/api/devices/${ident}/readings?type=sen:temp&limit=1000`);
    expect(body.readings).toHaveLength(KILLS);
  });

  it('raw channels go to whoever converts them, whose readings a storage worker stores', async () => {
    const ident = newIdent();
    await connect(a, ident);
    const { body } = await b.api('GET', `/api/devices/${ident}`);
    const rule = { priority: 10, pattern: '^(own|sen):', topic: 'converter-own' };
    await b.api('PUT', `/api/devices/${ident}/channel-translation`, rule);
    const taken: Message[] = [];
    bus.subscribe(
      'converter-own',
      'converters',
      async (message) => {
        taken.push(message);
        const data = { converted: message['data'] };
        const key = `dev-${message['device_id']}`;
        const date_nano = `${Date.UTC(2026, 0, 1)}000000`;
        const call = { _to: 'storage', _from: 'converter-own', _call: 'store_ts', _time: Date.now() / 1_000 };
        await bus.send('storage', { ...call, key, type: 'own', data, date_nano });
      },
      { shared: true },
    );
    const device = await connect(a, ident);
    device.send(device.side.reading('own:one', 'AB', null), device.side.reading('sen:two', '20', 0x01020304 * 1_000));
    await device.barrier();
    let stored: unknown[] = [];
    await until(
      'both are stored',
      async () => {
        const found = await b.api('GET', `/api/devices/${ident}/readings?type=own`);
        stored = found.body.readings.map(({ data }: { data: unknown }) => data);
        return stored.length === 2;
      },
      PATIENCE,
    );
    expect(stored).toContainEqual({ converted: '4142' });
    expect(stored).toContainEqual({ converted: ['01020304', '3230'] });
    expect(taken).toContainEqual({
      _to: 'converter-own',
      _from: 'receivers/a',
      _call: 'data_simple',
      _time: expect.any(Number),
      device_id: body.id,
      connection_id: expect.any(Number),
      channel: 'own:one',
      data: '4142',
    });
    expect(taken.map(({ _call, channel }) => `${_call} ${channel}`).sort()).toEqual([
      'data_array sen:two',
      'data_simple own:one',
    ]);
  });

  it('what happens to connections is told to whoever listens, and asked of all gateways or of one', async () => {
    const heard: Message[] = [];
    const answers: Message[] = [];
    let ready = 0;
    bus.subscribe('events', 'outside', (message) => void heard.push(message), { onGap: () => void ready++ });
    bus.subscribe('answers', 'outside', (message) => void answers.push(message), { onGap: () => void ready++ });
    await until('it listens', () => ready >= 2);
    const ident = newIdent();
    const device = await connect(b, ident);
    const { id } = (await a.api('GET', `/api/devices/${ident}`)).body;
    device.end();
    const about = (call: string) => heard.find((one) => one._call === call && one['device_id'] === id);
    await until('its end is told', () => about('device_disconnected') !== undefined, PATIENCE);
    expect(about('device_identified')).toMatchObject({ _from: 'receivers/b', _to: 'events', protocol: 'm2mp' });
    expect(about('device_disconnected')).toMatchObject({
      connection_duration: expect.any(Number),
      why: expect.any(String),
    });
    expect(heard.some(({ _call }) => _call === 'device_connected')).toBe(true);

    const [atA, atB] = [newIdent(), newIdent()];
    await connect(a, atA);
    await connect(b, atB);
    const ask = (_to: string, _call: string) =>
      bus.send('receivers', { _to, _from: 'answers/outside', _call, _time: Date.now() / 1_000 });
    await ask('receivers', 'list_connections');
    await until('both answer', () => new Set(answers.map(({ _from }) => _from)).size === 2, PATIENCE);
    const [ofA, ofB] = await Promise.all(
      [atA, atB].map(async (one) => (await a.api('GET', `/api/devices/${one}`)).body.id),
    );
    const listed = (from: string) =>
      answers.filter(({ _from }) => _from === from).flatMap(({ connections }) => connections);
    expect(listed('receivers/a')).toContainEqual(expect.objectContaining({ device_id: ofA, protocol: 'm2mp' }));
    expect(listed('receivers/b')).toContainEqual(expect.objectContaining({ device_id: ofB }));
    answers.length = 0;
    await ask('receivers/b', 'list_connections');
    await ask('receivers/b', 'quit');
    await until('it answers and is asked to end', () => quit.length > 0 && answers.length > 0, PATIENCE);
    expect(quit).toEqual(['b']);
    expect(new Set(answers.map(({ _from }) => _from))).toEqual(new Set(['receivers/b']));
  });

  it('a gateway that ends takes what it holds out of the list at once', async () => {
    const ident = newIdent();
    await connect(b, ident);
    expect(await holders(a, ident)).toEqual(['b']);
    await b.stop();
    expect(await holders(a, ident)).toEqual([]);
  });
});
