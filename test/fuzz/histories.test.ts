import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { completeProtocols } from '../protocols/complete.js';

const HISTORIES = Number(process.env['M2MP_HISTORIES'] ?? 40);
const IDENTS = ['imei:490154203237518', 'imei:490154203237526'];
const FIRST_DATE = Date.UTC(2026, 0, 1);

const which = fc.nat(1);
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constant('connect' as const),
      which,
      protocol: fc.nat(completeProtocols.length - 1),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ does: fc.constant('data' as const), which, count: fc.integer({ min: 1, max: 5 }) }),
  },
  { weight: 6, arbitrary: fc.record({ does: fc.constant('barrier' as const), which }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('setting' as const), which, value: fc.constantFrom('1', '2', '3') }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('acknowledge' as const), which }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('command' as const), which }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('drop' as const), which }) },
  { weight: 1, arbitrary: fc.constant({ does: 'restart' as const }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** What a device knows and may rely upon. */
interface Known {
  device: DeviceOnASocket | null;
  everConnected: boolean;
  sent: number;
  acknowledged: number;
  /** The setting that was ordered and is not known to be acknowledged. */
  pending: string | null;
  commands: number;
  done: Set<string>;
}

it(`the gateway does what a model does, through ${HISTORIES} histories of devices, people and restarts`, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const directory = await mkdtemp(join(tmpdir(), 'm2mp-history-'));
      const world = { gateway: await startGatewayUnderTest({}, { directory }), directory };
      const known = IDENTS.map(
        (): Known => ({
          device: null,
          everConnected: false,
          sent: 0,
          acknowledged: 0,
          pending: null,
          commands: 0,
          done: new Set(),
        }),
      );
      try {
        for (const one of steps) await take(world, known, one);
        for (const [index, one] of known.entries())
          if (one.everConnected) await expectKnown(world.gateway, IDENTS[index]!, one);
      } finally {
        for (const { device } of known) device?.end();
        await world.gateway.stop();
        await rm(directory, { recursive: true, force: true });
      }
    }),
    { numRuns: HISTORIES },
  );
}, 600_000);

async function take(world: { gateway: GatewayUnderTest; directory: string }, known: Known[], one: Step): Promise<void> {
  if (one.does === 'restart') {
    for (const each of known) {
      each.device?.end();
      each.device = null;
    }
    await world.gateway.stop();
    world.gateway = await startGatewayUnderTest({}, { directory: world.directory });
    return;
  }
  const each = known[one.which]!;
  const ident = IDENTS[one.which]!;
  const path = `/api/devices/${ident}`;
  switch (one.does) {
    case 'connect': {
      each.device?.end();
      const protocol = completeProtocols[one.protocol]!;
      each.device = await DeviceOnASocket.identified(protocol, world.gateway.port(protocol.name), ident);
      each.everConnected = true;
      // What it kept is sent again.
      for (let n = each.acknowledged; n < each.sent; n++) send(each.device, n);
      break;
    }
    case 'data':
      for (let n = 0; n < one.count; n++) {
        if (each.device) send(each.device, each.sent);
        if (each.device) each.sent++;
      }
      break;
    case 'barrier':
      if (!each.device) break;
      await each.device.barrier(each.sent % 256);
      each.acknowledged = each.sent;
      break;
    case 'setting':
      if (!each.everConnected) break;
      expect((await world.gateway.api('PUT', `${path}/settings/s`, { value: one.value })).status).toBe(200);
      each.pending = one.value;
      break;
    case 'command':
      if (!each.everConnected) break;
      expect((await world.gateway.api('POST', `${path}/commands`, { text: `c${each.commands++}` })).status).toBe(201);
      break;
    case 'acknowledge': {
      if (!each.device) break;
      const { device } = each;
      const heard = await everythingHeard(device);
      let reported: string | null = null;
      const done: string[] = [];
      for (const event of heard) {
        if (event.event === 'setting' && event.name === 's') {
          reported = event.value;
          device.send(device.side.settingReported('s', event.value));
        } else if (event.event === 'command') {
          done.push(event.text);
          device.send(device.side.commandDone(event.id, `did ${event.text}`));
        }
      }
      await device.barrier(201);
      each.acknowledged = each.sent;
      if (reported !== null && reported === each.pending) each.pending = null;
      for (const text of done) each.done.add(text);
      break;
    }
    case 'drop':
      each.device?.end();
      each.device = null;
      break;
  }
}

/** What was pushed is on its way. */
async function everythingHeard(device: DeviceOnASocket) {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return device.heard.splice(0);
}

function send(device: DeviceOnASocket, n: number): void {
  device.send(device.side.reading('sen:temp', `v${n}`, FIRST_DATE + n * 1_000));
}

async function expectKnown(gateway: GatewayUnderTest, ident: string, known: Known): Promise<void> {
  const { body } = await gateway.api('GET', `/api/devices/${ident}/readings?type=sen:temp&limit=1000&order=asc`);
  const numbers: number[] = body.readings.map(({ data }: { data: string }) => Number(data.slice(1)));
  expect(new Set(numbers).size).toBe(numbers.length);
  for (let n = 0; n < known.acknowledged; n++) expect(numbers).toContain(n);
  for (const n of numbers) expect(n).toBeLessThan(known.sent);
  const { settings } = (await gateway.api('GET', `/api/devices/${ident}/settings`)).body;
  const setting = settings.find(({ name }: { name: string }) => name === 's');
  if (known.pending !== null) expect(setting?.pending ?? setting?.value).toBe(known.pending);
  const { commands } = (await gateway.api('GET', `/api/devices/${ident}/commands?limit=1000`)).body;
  expect(commands).toHaveLength(known.commands);
  for (const text of known.done)
    expect(commands).toContainEqual(expect.objectContaining({ text, state: 'done', response: `did ${text}` }));
}
