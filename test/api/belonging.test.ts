/** What is of one domain, the people of another do not see: proved for every route of the served document. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Answer, type Ask, type Contract, exampleBody, filled, type Operation, openContract } from './contract.js';

const OURS = { ident: 'imei:490154203237518', name: 'our van' };
const THEIRS = { ident: 'imei:351756051523999', name: 'their van', data: 'what-they-measured' };

/** What an answer to us must not hold: what tells of the other domain. */
const marks: string[] = [THEIRS.name, THEIRS.data, 'their domain', 'their user', 'their token'];

let gateway: GatewayUnderTest;
let contract: Contract;
const sockets: DeviceOnASocket[] = [];
/** UUIDs and numbers of theirs. */
const theirs = { device: '', domain: '', user: '', token: '', connection: 0 };
/** The token of an admin of our domain. */
let token = '';

const as = (given: Ask = {}): Ask => ({ token, ...given });
const ask = (method: string, path: string, given?: Ask) => contract.ask(method, path, as(given));
const ok = async (answer: Promise<Answer>) => {
  const { status, body } = await answer;
  expect(status, JSON.stringify(body)).toBeLessThan(300);
  return body;
};

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  contract = await openContract(gateway);
  for (const [domain, user] of [
    ['our domain', 'our user'],
    ['their domain', 'their user'],
  ]) {
    await ok(contract.ask('POST', '/api/domains', { body: { name: domain } }));
    await ok(contract.ask('POST', '/api/users', { body: { name: user, role: 'admin', domain } }));
  }
  for (const { ident } of [OURS, THEIRS])
    sockets.push(await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident));
  await ok(contract.ask('PATCH', `/api/devices/${OURS.ident}`, { body: { name: OURS.name, domain: 'our domain' } }));
  const change = { name: THEIRS.name, domain: 'their domain' };
  theirs.device = (await ok(contract.ask('PATCH', `/api/devices/${THEIRS.ident}`, { body: change }))).id;
  theirs.domain = (await ok(contract.ask('GET', '/api/domains/their%20domain'))).id;
  theirs.user = (await ok(contract.ask('GET', '/api/users/their%20user'))).id;
  theirs.connection = (await ok(contract.ask('GET', `/api/connections?device=${THEIRS.ident}`))).connections[0].id;
  const make = { role: 'admin', name: 'their token', domain: 'their domain' };
  theirs.token = (await ok(contract.ask('POST', '/api/tokens', { body: make }))).id;
  const sensor = { sensor: 'their-sensor', reading: THEIRS.data };
  await ok(contract.ask('POST', '/api/sensors?domain=their%20domain', { body: sensor }));
  marks.push(theirs.device, theirs.domain, theirs.user, theirs.token);
  token = (await ok(contract.ask('POST', '/api/tokens', { body: { ...make, name: 'ours', domain: 'our domain' } })))
    .token;
  for (const [at, socket] of sockets.entries()) {
    socket.send(socket.side.reading('sen:text', at === 1 ? THEIRS.data : 'what we measured', null));
    await socket.barrier();
  }
});
afterAll(async () => {
  for (const socket of sockets) socket.end();
  await gateway.remove();
});

/** What is asked is answered, and tells nothing of theirs. */
const tellsNothing =
  (path: string, ...ours: string[]) =>
  async () => {
    const answer = await ask('GET', path);
    expect(answer.status, path).toBe(200);
    const text = JSON.stringify(answer.body);
    for (const mark of [...marks, THEIRS.ident]) expect(text).not.toContain(mark);
    for (const mark of ours) expect(text).toContain(mark);
  };
const refused = (method: string, path: string, status: number, body?: unknown) => async () => {
  const answer = await ask(method, path, body === undefined ? {} : { body });
  expect({ path, status: answer.status }).toEqual({ path, status });
  // What was asked may be told back.
  const asked = path + JSON.stringify(body ?? null);
  const told = JSON.stringify(answer.body);
  for (const mark of marks.filter((mark) => !asked.includes(mark))) expect(told).not.toContain(mark);
};
/** The same of several ways to ask. */
const all =
  (...cases: readonly (() => Promise<void>)[]) =>
  async () => {
    for (const one of cases) await one();
  };

/**
 * `nobody's`: holds nothing of a domain. `over all`: only for accounts over all domains. Else what proves it. Routes of a
 * device (`{device}` in their path) are all held to the same.
 */
type Case = "nobody's" | 'over all' | (() => Promise<void>);

const cases = (): Readonly<Record<string, Case>> => ({
  'GET /health/live': "nobody's",
  'GET /health/ready': "nobody's",
  'POST /api/login': "nobody's",
  'POST /api/logout': "nobody's",
  'GET /api/me': tellsNothing('/api/me', 'ours'),
  'PUT /api/me/password': "nobody's",
  'GET /metrics': 'over all',
  'GET /api/waiting': 'over all',
  'POST /api/waiting': 'over all',
  'GET /api/firmware': 'over all',
  'GET /api/firmware/{name}': 'over all',
  'PUT /api/firmware/{name}': 'over all',
  'DELETE /api/firmware/{name}': 'over all',
  'GET /api/registry': 'over all',
  'PUT /api/registry': 'over all',
  'DELETE /api/registry': 'over all',
  'GET /api/devices': all(tellsNothing('/api/devices', OURS.ident), tellsNothing('/api/devices?deleted=true')),
  'GET /api/readings': all(
    tellsNothing(`/api/readings?device=${OURS.ident}`, 'what we measured'),
    refused('GET', `/api/readings?device=${THEIRS.ident}`, 404),
    refused('GET', `/api/readings?device=${OURS.ident}&device=${theirs.device}`, 404),
    refused('GET', `/api/readings?device=${theirs.device}&format=csv`, 404),
  ),
  'GET /api/sensors': all(
    tellsNothing('/api/sensors'),
    refused('GET', `/api/sensors?domain=${theirs.domain}`, 404),
    refused('GET', '/api/sensors?sensor=their-sensor', 404),
  ),
  'POST /api/sensors': refused('POST', `/api/sensors?domain=${theirs.domain}`, 404, { sensor: 'x', reading: 1 }),
  'GET /api/latest': all(
    tellsNothing('/api/latest?type=sen:text', 'what we measured'),
    tellsNothing('/api/latest?type=sen:text&format=csv', 'what we measured'),
  ),
  'GET /api/events': all(
    refused('GET', `/api/events?device=${theirs.device}`, 404),
    refused('GET', `/api/events?domain=${theirs.domain}`, 404),
    seesOursAlone('/api/events'),
  ),
  'GET /api/search': all(
    tellsNothing('/api/search?q=imei', OURS.ident),
    tellsNothing(`/api/search?q=${THEIRS.ident.slice(5)}`),
    tellsNothing('/api/search?q=van', OURS.name),
  ),
  'GET /api/connections': all(
    tellsNothing('/api/connections', OURS.ident),
    refused('GET', `/api/connections?device=${theirs.device}`, 404),
  ),
  'DELETE /api/connections/{id}': refused('DELETE', `/api/connections/${theirs.connection}`, 404),
  'GET /api/audit': all(
    tellsNothing('/api/audit'),
    refused('GET', `/api/audit?account=${theirs.user}`, 404),
    refused('GET', `/api/audit?account=${theirs.token}`, 404),
    refused('GET', '/api/audit?account=00000000-0000-0000-0000-000000000000', 404),
  ),
  'GET /api/tokens': tellsNothing('/api/tokens', 'ours'),
  'POST /api/tokens': refused('POST', '/api/tokens', 400, { name: 'x', domain: theirs.domain }),
  'DELETE /api/tokens/{token}': refused('DELETE', `/api/tokens/${theirs.token}`, 404),
  'GET /api/users': all(tellsNothing('/api/users', 'our user'), tellsNothing('/api/users?deleted=true')),
  'POST /api/users': all(
    refused('POST', '/api/users', 400, { name: 'x', role: 'viewer', domain: theirs.domain }),
    refused('POST', '/api/users', 403, { name: 'x', role: 'viewer', domain: null }),
  ),
  'GET /api/users/{user}': refused('GET', `/api/users/${theirs.user}`, 404),
  'PATCH /api/users/{user}': all(
    refused('PATCH', `/api/users/${theirs.user}`, 404, { role: 'viewer' }),
    refused('PATCH', '/api/users/our%20user', 403, { domain: null }),
    refused('PATCH', '/api/users/our%20user', 400, { domain: theirs.domain }),
  ),
  'DELETE /api/users/{user}': refused('DELETE', `/api/users/${theirs.user}`, 404),
  'POST /api/users/{user}/restore': refused('POST', `/api/users/${theirs.user}/restore`, 404),
  'GET /api/domains': tellsNothing('/api/domains', 'our domain'),
  'GET /api/domains/{domain}': refused('GET', `/api/domains/${theirs.domain}`, 404),
  'POST /api/domains': 'over all',
  'PATCH /api/domains/{domain}': 'over all',
  'DELETE /api/domains/{domain}': 'over all',
  'POST /api/domains/{domain}/restore': 'over all',
});

it('no route, and nothing but what is ours', async () => {
  const known = cases();
  const without: string[] = [];
  for (const operation of contract.operations) {
    const name = `${operation.method} ${operation.path}`;
    const one = known[name];
    if (operation.path.includes('{device}')) await deviceOfAnother(operation);
    else if (one === undefined) without.push(name);
    else if (one === 'over all') await onlyOverAll(operation);
    else if (one !== "nobody's") await one();
  }
  expect(without, 'each needs a case above that shows what an admin of another domain gets').toEqual([]);
  const routes = new Set(contract.operations.map(({ method, path }) => `${method} ${path}`));
  expect(Object.keys(known).filter((name) => !routes.has(name))).toEqual([]);
}, 60_000);

it('no change of what all devices share, and no moving of a device to another domain', async () => {
  const rule = { priority: 10, pattern: '^can:', topic: 'converter-can' };
  await refused('PUT', '/api/devices/default/channel-translation', 403, rule)();
  await refused('PATCH', `/api/devices/${OURS.ident}`, 403, { domain: theirs.domain })();
  await refused('PATCH', `/api/devices/${OURS.ident}`, 403, { domain: null })();
  await refused('PATCH', `/api/devices/${OURS.ident}`, 400, { owner: theirs.user })();
});

it('a device that leaves the domain is seen no longer', async () => {
  const path = `/api/devices/${OURS.ident}`;
  await ok(contract.ask('PATCH', path, { body: { domain: 'their domain' } }));
  await refused('GET', path, 404)();
  await ok(contract.ask('PATCH', path, { body: { domain: 'our domain' } }));
  expect((await ask('GET', path)).status).toBe(200);
});

/** Whatever is asked of their device, there is none; of ours there is. */
async function deviceOfAnother(operation: Operation): Promise<void> {
  const example = exampleBody(operation);
  const future = new Date(Date.now() + 3_600_000).toISOString();
  // A date of an example may lie in the past by now.
  const body =
    typeof example === 'object' && example && 'expires' in example ? { ...example, expires: future } : example;
  const query = requiredQuery(operation);
  const at = (device: string) => filled(operation.path, { device, id: theirs.device, name: 'x' }) + query;
  for (const device of [THEIRS.ident, theirs.device]) {
    const answer = await ask(operation.method, at(device), body === undefined ? {} : { body });
    const what = `${operation.method} ${at(device)}: ${JSON.stringify(answer.body)}`;
    expect([answer.status, answer.body.field], what).toEqual([404, 'device']);
  }
  if (operation.method !== 'GET') return;
  const { status, body: answer } = await ask('GET', at(OURS.ident));
  expect([200, operation.path.includes('{id}') ? 404 : 200], operation.path).toContain(status);
  expect(answer.field, operation.path).not.toBe('device');
  for (const mark of [...marks, THEIRS.ident])
    if (!operation.path.includes('{id}')) expect(JSON.stringify(answer)).not.toContain(mark);
}

async function onlyOverAll(operation: Operation): Promise<void> {
  const body = exampleBody(operation);
  const path = filled(operation.path, { domain: theirs.domain }) + requiredQuery(operation);
  const answer = await ask(operation.method, path, body === undefined ? {} : { body });
  expect(answer.status, `${operation.method} ${path}`).toBe(403);
}

/** Values for the parameters that a route does not do without; deleting readings needs one of several. */
function requiredQuery({ documented }: Operation): string {
  const required = (documented.parameters ?? []).filter(
    (one: any) => one.in === 'query' && (one.required || one.name === 'all'),
  );
  const value = ({ schema }: any) =>
    schema.examples?.[0] ?? { integer: 1, boolean: true }[schema.type as string] ?? '/x/';
  const query = new URLSearchParams(required.map((one: any) => [one.name, String(value(one))]));
  return query.size > 0 ? `?${query}` : '';
}

/** A live stream of all that one sees: theirs happens first, ours is told. */
function seesOursAlone(path: string): () => Promise<void> {
  return async () => {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(gateway.url + path, { headers, signal: stop.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    for (const at of [1, 0]) {
      const socket = sockets[at]!;
      socket.send(socket.side.reading('sen:live', at === 1 ? THEIRS.data : 'ours is told', null));
      await socket.barrier();
    }
    let text = '';
    while (!text.includes('ours is told')) text += (await reader.read()).value ?? '';
    for (const mark of [...marks, THEIRS.ident]) expect(text).not.toContain(mark);
    stop.abort();
  };
}
