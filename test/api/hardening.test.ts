import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';

const SITE = 'https://fleet.example';

let gateway: GatewayUnderTest;
let open: GatewayUnderTest;

beforeAll(async () => {
  gateway = await startGatewayUnderTest({ 'http-requests-per-account': 30, 'http-requests-per-address': 60 });
  open = await startGatewayUnderTest({
    'http-cors-origins': `${SITE},https://other.example`,
    'http-trust-proxy': '127.0.0.1',
  });
});
afterAll(async () => {
  await gateway.remove();
  await open.remove();
});

const preflight = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' };
const me = (at: GatewayUnderTest, headers: Record<string, string> = {}, token = at.token) =>
  fetch(`${at.url}/api/me`, { headers: { authorization: `Bearer ${token}`, ...headers } });

it('pages of other sites may ask only where an option names them', async () => {
  const allowed = 'access-control-allow-origin';
  expect((await me(gateway, { origin: SITE })).headers.get(allowed)).toBeNull();
  expect((await me(open, { origin: 'https://elsewhere.example' })).headers.get(allowed)).toBeNull();
  const { headers } = await me(open, { origin: SITE });
  expect([headers.get(allowed), headers.get('vary')]).toEqual([SITE, 'Origin']);
  const options = (at: GatewayUnderTest, origin: string) =>
    fetch(`${at.url}/api/devices`, { method: 'OPTIONS', headers: { origin, ...preflight } });
  const { status, headers: told } = await options(open, SITE);
  expect([status, told.get(allowed)]).toEqual([204, SITE]);
  expect(told.get('access-control-allow-headers')).toContain('Authorization');
  // Sessions are not theirs.
  expect(told.get('access-control-allow-credentials')).toBeNull();
  expect((await options(open, 'https://elsewhere.example')).headers.get(allowed)).toBeNull();
  expect((await options(gateway, SITE)).headers.get(allowed)).toBeNull();
});

it('answers, refusals too, tell browsers to be careful, and bear the id of the request', async () => {
  for (const path of ['/health/live', '/api/me', '/nothing']) {
    const { headers } = await fetch(open.url + path);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('x-frame-options')).toBe('SAMEORIGIN');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  }
  const id = async (given: string) => (await me(open, { 'x-request-id': given })).headers.get('x-request-id');
  expect(await id('from-the-proxy.7')).toBe('from-the-proxy.7');
  expect(await id('{"a":1}')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await id('x'.repeat(65))).toMatch(/^[0-9a-f-]{36}$/);
});

it('requests are limited for an account, and for an address whoever asks', async () => {
  const { body } = await gateway.api('POST', '/api/tokens', { name: 'busy' });
  const statuses: number[] = [];
  for (let n = 0; n < 31; n++) statuses.push((await me(gateway, {}, body.token)).status);
  expect(statuses).toEqual([...Array(30).fill(200), 429]);
  expect((await me(gateway)).status).toBe(200);
  const unknown: Response[] = [];
  for (let n = 0; n < 40; n++) unknown.push(await me(gateway, {}, 'unknown'));
  expect(unknown.map(({ status }) => status)).toEqual(expect.arrayContaining([401, 429]));
  const last = await me(gateway);
  expect(last.status).toBe(429);
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(last.headers.get('content-type')).toContain('application/problem+json');
});

it('the address is that which a trusted proxy names', async () => {
  const { token } = open;
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const add = (from: string) =>
    fetch(`${open.url}/api/domains`, {
      method: 'POST',
      headers: { ...headers, 'x-forwarded-for': from },
      body: JSON.stringify({ name: `domain of ${from}` }),
    });
  expect((await add('192.0.2.7')).status).toBe(201);
  const { body } = await open.api('GET', '/api/audit?limit=1');
  expect(body.acts[0].address).toBe('192.0.2.7');
});

it('every body is held to a schema in which objects take known members only, and texts and lists have an end', async () => {
  const { body: document } = await open.api('GET', '/api/openapi.json');
  const endless: string[] = [];
  const look = (schema: any, at: string): void => {
    if (schema.$ref) return look(document.components.schemas[schema.$ref.split('/').at(-1)], at);
    for (const one of schema.anyOf ?? []) look(one, at);
    if (schema.type === 'object') {
      const ofAnyName = schema.additionalProperties;
      if (typeof ofAnyName === 'object') look(ofAnyName, `${at}.*`);
      if (ofAnyName !== false && schema.maxProperties === undefined) endless.push(`${at}: members`);
      for (const [name, one] of Object.entries(schema.properties ?? {})) look(one, `${at}.${name}`);
    }
    if (schema.type === 'array') {
      if (schema.maxItems === undefined) endless.push(`${at}: entries`);
      look(schema.items, `${at}[]`);
    }
    const bounds = ['enum', 'maxLength', 'format', 'pattern'];
    if (schema.type === 'string' && !bounds.some((keyword) => keyword in schema)) endless.push(`${at}: characters`);
  };
  for (const [path, methods] of Object.entries<any>(document.paths))
    for (const [method, { requestBody }] of Object.entries<any>(methods)) {
      const schema = requestBody?.content['application/json']?.schema;
      if (schema) look(schema, `${method.toUpperCase()} ${path}`);
    }
  expect(endless).toEqual([]);
});
