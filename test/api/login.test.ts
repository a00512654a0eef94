import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SESSION_LASTS } from '../../src/accounts/sessions.js';
import { ATTEMPTS_OF_ADDRESS, ATTEMPTS_OF_USER } from '../../src/api/login.js';
import { systemClock } from '../../src/gateway/clock.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';

const PASSWORD = 'correct horse battery';

let gateway: GatewayUnderTest;
let ahead = 0;

beforeAll(async () => {
  const clock = { ...systemClock, now: () => systemClock.now() + ahead };
  gateway = await startGatewayUnderTest({ 'http-trust-proxy': '127.0.0.1' }, { clock });
  for (const name of ['ada', 'joan', 'grace'])
    await gateway.api('POST', '/api/users', { name, role: 'operator', password: PASSWORD });
  await gateway.api('POST', '/api/domains', { name: 'north' });
});
afterAll(() => gateway.remove());

const json = { 'content-type': 'application/json' };
const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(gateway.url + path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });
const login = (user: string, password = PASSWORD, headers: Record<string, string> = {}) =>
  post('/api/login', { user, password }, headers);
const cookieOf = (response: Response) => response.headers.get('set-cookie')?.split(';')[0] ?? '';
const bodyOf = async (response: Response): Promise<any> => response.json();
const me = async (headers: Record<string, string>) => (await fetch(`${gateway.url}/api/me`, { headers })).status;

it('the cookie of a session is kept from scripts, other sites, and over TLS from the open network', async () => {
  const plain = (await login('ada')).headers.get('set-cookie') ?? '';
  expect(plain).toMatch(/^m2mp_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; SameSite=Strict$/);
  const proxied = (await login('ada', PASSWORD, { 'x-forwarded-proto': 'https' })).headers.get('set-cookie') ?? '';
  expect(proxied).toMatch(/^__Host-m2mp_session=[^;]+; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
});

it('a change made with the cookie is taken from pages of the gateway alone', async () => {
  const cookie = cookieOf(await login('ada'));
  const device = `${gateway.url}/api/devices/nothing`;
  const change = async (headers: Record<string, string>) =>
    (await fetch(device, { method: 'PATCH', headers: { ...json, cookie, ...headers }, body: '{"name":"x"}' })).status;
  expect(await change({ origin: gateway.url })).toBe(404);
  expect(await change({ 'sec-fetch-site': 'same-origin' })).toBe(404);
  expect(await change({ 'sec-fetch-site': 'same-origin', origin: gateway.url })).toBe(404);
  expect(await change({})).toBe(403);
  expect(await change({ origin: 'null' })).toBe(403);
  expect(await change({ origin: 'https://elsewhere.example' })).toBe(403);
  expect(await change({ origin: `${gateway.url}1` })).toBe(403);
  expect(await change({ 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await change({ 'sec-fetch-site': 'same-site', origin: gateway.url })).toBe(403);
  expect(await me({ cookie })).toBe(200);
  // A token is nothing that a browser sends by itself.
  const headers = { ...json, authorization: `Bearer ${gateway.token}`, origin: 'https://elsewhere.example' };
  expect((await fetch(device, { method: 'PATCH', headers, body: '{"name":"x"}' })).status).toBe(404);
});

it('a WebSocket is not opened with the cookie by a page of another site', async () => {
  const cookie = cookieOf(await login('ada'));
  const upgrade = { cookie, connection: 'upgrade', upgrade: 'websocket', origin: 'https://elsewhere.example' };
  const { status } = await asked('/api/me', upgrade);
  expect(status).toBe(403);
});

it('nobody is logged in by a page of another site', async () => {
  expect((await login('ada', PASSWORD, { origin: 'https://elsewhere.example' })).status).toBe(403);
  expect((await login('ada', PASSWORD, { origin: gateway.url })).status).toBe(200);
});

it('a session ends by itself, with a new password, with the role, and with the user', async () => {
  const first = cookieOf(await login('joan'));
  await gateway.api('PATCH', '/api/users/joan', { password: 'another good secret' });
  expect(await me({ cookie: first })).toBe(401);
  const second = cookieOf(await login('joan', 'another good secret'));
  expect(await me({ cookie: second })).toBe(200);
  ahead += SESSION_LASTS;
  expect(await me({ cookie: second })).toBe(401);
  const third = cookieOf(await login('joan', 'another good secret'));
  await gateway.api('PATCH', '/api/users/joan', { role: 'viewer' });
  const commands = await post('/api/devices/x/commands', { text: 'x' }, { cookie: third, origin: gateway.url });
  expect(commands.status).toBe(403);
  await gateway.api('DELETE', '/api/users/joan');
  expect(await me({ cookie: third })).toBe(401);
  expect((await login('joan', 'another good secret')).status).toBe(401);
});

it('attempts to log in are limited for a user, whichever address they come from, until the time is over', async () => {
  const from = (n: number) => ({ 'x-forwarded-for': `192.0.2.${n}` });
  for (let n = 0; n < ATTEMPTS_OF_USER.max; n++) expect((await login('grace', 'wrong', from(n))).status).toBe(401);
  expect((await login('grace', PASSWORD, from(99))).status).toBe(429);
  expect((await login('ada', PASSWORD, from(99))).status).toBe(200);
  ahead += ATTEMPTS_OF_USER.window;
  expect((await login('grace', PASSWORD, from(99))).status).toBe(200);
  const trail = async () => (await gateway.api('GET', '/api/audit?account=grace')).body.acts;
  // Nobody waits for the note of a failure.
  await expect.poll(async () => (await trail()).length, { timeout: 10_000 }).toBe(ATTEMPTS_OF_USER.max + 1);
  const [last, ...before] = await trail();
  expect([last.failed, ...new Set(before.map(({ failed }: { failed: boolean }) => failed))]).toEqual([false, true]);
  expect(JSON.stringify(before)).not.toContain('wrong');
}, 60_000);

it('attempts to log in are limited for an address, whichever users they try, and one that succeeds does not clear them', async () => {
  const from = { 'x-forwarded-for': '198.51.100.7' };
  const tries = Array.from({ length: ATTEMPTS_OF_ADDRESS.max - 1 }, (_, n) => login(`user ${n}`, 'wrong', from));
  for (const { status } of await Promise.all(tries)) expect(status).toBe(401);
  expect((await login('ada', PASSWORD, from)).status).toBe(200);
  expect((await login('user', 'wrong', from)).status).toBe(401);
  const refused = await login('ada', PASSWORD, from);
  expect([refused.status, Number(refused.headers.get('retry-after')) > 600]).toEqual([429, true]);
  expect((await login('ada', PASSWORD, { 'x-forwarded-for': '198.51.100.8' })).status).toBe(200);
}, 60_000);

it('a token of a user may no more than he may, and ends with him', async () => {
  const cookie = cookieOf(await login('ada'));
  const ours = { cookie, origin: gateway.url };
  const tooMuch = await post('/api/tokens', { name: 'x', role: 'admin' }, ours);
  expect([tooMuch.status, (await bodyOf(tooMuch)).field]).toEqual([400, 'role']);
  const { token } = await bodyOf(await post('/api/tokens', { name: 'x' }, ours));
  const bearer = { authorization: `Bearer ${token}` };
  expect((await post('/api/tokens', { name: 'y' }, bearer)).status).toBe(403);
  expect((await post('/api/devices/x/commands', { text: 'x' }, bearer)).status).toBe(404);
  await gateway.api('PATCH', '/api/users/ada', { role: 'viewer', domain: 'north' });
  expect((await post('/api/devices/x/commands', { text: 'x' }, bearer)).status).toBe(403);
  expect(await (await fetch(`${gateway.url}/api/me`, { headers: bearer })).json()).toMatchObject({
    name: 'ada',
    role: 'viewer',
    domain: expect.any(String),
  });
  await gateway.api('DELETE', '/api/users/ada');
  expect(await me(bearer)).toBe(401);
});

it('a token for reading changes nothing, and one that expired is none', async () => {
  const expires = new Date(Date.now() + ahead + 60_000).toISOString();
  const made = await gateway.api('POST', '/api/tokens', { name: 'x', readOnly: true, expires });
  const bearer = { authorization: `Bearer ${made.body.token}` };
  expect(await me(bearer)).toBe(200);
  expect((await post('/api/domains', { name: 'south' }, bearer)).status).toBe(403);
  ahead += 61_000;
  expect(await me(bearer)).toBe(401);
});

/** Asks with headers that fetch does not send. */
function asked(path: string, headers: Record<string, string>): Promise<{ status: number }> {
  return new Promise((resolve, reject) => {
    const ask = request(gateway.url + path, { headers }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode ?? 0 });
    });
    ask.on('upgrade', () => resolve({ status: 101 }));
    ask.on('error', reject).end();
  });
}
