import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Answer, type Contract, openContract } from './contract.js';

const device = '/api/devices/imei:490154203237518';
const COMMAND = '0b6b5b1e-5d0f-4b3e-9a57-0d9a4a7f7c11';

let gateway: GatewayUnderTest;
let contract: Contract;
let socket: DeviceOnASocket;

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  contract = await openContract(gateway);
  socket = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), 'imei:490154203237518');
});
afterAll(() => gateway.remove());

const told = ({ status, type, body }: Answer) => ({ status, type, field: body.field });
const refused = (status: number, field: string) => ({ status, type: 'application/problem+json', field });

it.each([
  ['PUT', `${device}/settings/a%20b`, { value: '1' }, 400, 'name'],
  ['PUT', `${device}/settings/a%00b`, { value: '1' }, 400, 'name'],
  ['PUT', `${device}/settings/${'%C3%A9'.repeat(200)}`, { value: '1' }, 400, 'name'],
  ['PUT', `${device}/settings/interval`, { value: '6\n0' }, 400, 'value'],
  ['PATCH', device, { name: ' Van' }, 400, 'name'],
  ['PATCH', device, { name: 'Van\u0007' }, 400, 'name'],
  ['PATCH', device, { domain: 'nowhere' }, 400, 'domain'],
  ['PATCH', device, { owner: 'nobody' }, 400, 'owner'],
  ['PATCH', device, {}, 400, 'body'],
  ['POST', `${device}/commands`, { text: 'a\0' }, 400, 'text'],
  ['POST', `${device}/commands`, { text: 'x', expires: '2020-01-01' }, 400, 'expires'],
  ['POST', `${device}/commands`, { text: 'x', id: 'mine' }, 400, 'id'],
  ['GET', `${device}/commands?cursor=nowhere`, undefined, 400, 'cursor'],
  ['GET', `${device}/readings?cursor=nowhere`, undefined, 400, 'cursor'],
  ['GET', '/api/connections?cursor=nowhere', undefined, 400, 'cursor'],
  ['DELETE', `${device}/commands/${COMMAND}`, undefined, 404, 'id'],
  ['POST', `${device}/readings`, { type: 'é'.repeat(200), data: 1 }, 400, 'type'],
  ['POST', `${device}/readings`, { type: 'x', time: '2026-02-30', data: 1 }, 400, 'time'],
  ['PUT', `${device}/channel-translation`, { priority: 1, pattern: '(', topic: 'x' }, 400, 'pattern'],
  ['PUT', `${device}/channel-translation`, { priority: 1, pattern: 'x', topic: 'a b' }, 400, 'topic'],
  ['POST', '/api/waiting', { ident: 'imei:111111111111', admit: true }, 404, 'ident'],
  ['POST', '/api/waiting', { ident: 'imei:111111111111', admit: false }, 404, 'ident'],
  ['GET', '/api/registry?path=//', undefined, 400, 'path'],
  ['DELETE', '/api/registry?path=/', undefined, 400, 'path'],
  ['PUT', '/api/registry', { path: '/notes/', values: { '': 'x' } }, 400, 'values'],
  ['PUT', '/api/registry', { path: '/notes/', values: { owner: 7 } }, 400, 'values.owner'],
  ['GET', '/api/firmware/nothing', undefined, 404, 'name'],
])('%s %s with %j is refused with %d, naming %s', async (method, path, body, status, field) => {
  expect(told(await contract.ask(method, path, { body }))).toEqual(refused(status, field));
});

it('a deleted device is read, and changed only when it is restored', async () => {
  const other = '/api/devices/imei:490154203237526';
  (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), 'imei:490154203237526')).end();
  await contract.ask('DELETE', other);
  expect((await contract.ask('GET', other)).status).toBe(200);
  expect((await contract.ask('GET', `${other}/readings`)).status).toBe(200);
  const changes = [
    () => contract.ask('PATCH', other, { body: { name: 'Van' } }),
    () => contract.ask('PUT', `${other}/settings/interval`, { body: { value: '60' } }),
    () => contract.ask('POST', `${other}/commands`, { body: { text: 'reboot' } }),
    () => contract.ask('POST', `${other}/readings`, { body: { type: 'x', data: 1 } }),
  ];
  for (const change of changes) expect(told(await change())).toEqual(refused(409, 'device'));
  await contract.ask('POST', `${other}/restore`);
  for (const change of changes) expect((await change()).status).toBeLessThan(300);
});

it('a command is sent once it left, done once the device says so, and then cannot be cancelled', async () => {
  const { body } = await contract.ask('POST', `${device}/commands`, { body: { text: 'reboot' } });
  await socket.hears('command');
  const state = async () => (await contract.ask('GET', `${device}/commands/${body.id}`)).body;
  await expect.poll(async () => (await state()).state).toBe('sent');
  socket.send(socket.side.commandDone(body.id, 'in 5 s'));
  await socket.barrier();
  expect(await state()).toMatchObject({ state: 'done', response: 'in 5 s' });
  expect(told(await contract.ask('DELETE', `${device}/commands/${body.id}`))).toEqual(refused(409, 'id'));
});

it('a command asked for again under its own id is the same one, and another text under it is refused', async () => {
  const post = (text: string, id: string) => contract.ask('POST', `${device}/commands`, { body: { text, id } });
  const first = await post('horn', COMMAND);
  expect(first.body.id).toBe(COMMAND);
  expect((await post('horn', COMMAND.toUpperCase())).body).toMatchObject({ id: COMMAND, queued: first.body.queued });
  expect(told(await post('lights', COMMAND))).toEqual(refused(409, 'id'));
  const { body } = await contract.ask('GET', `${device}/commands`);
  expect(body.commands.filter(({ id }: { id: string }) => id === COMMAND)).toHaveLength(1);
});

it('commands are paged, the newest first', async () => {
  for (const text of ['a', 'b', 'c']) await contract.ask('POST', `${device}/commands`, { body: { text } });
  const texts: string[] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const after: string = cursor && `&cursor=${cursor}`;
    const { body } = await contract.ask('GET', `${device}/commands?limit=2${after}`);
    texts.push(...body.commands.map((command: { text: string }) => command.text));
    cursor = body.next;
  }
  expect(texts.slice(0, 3)).toEqual(['c', 'b', 'a']);
  expect(texts).toHaveLength(5);
});
