import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { type Account, ADMIN_TOKEN_ACCOUNT, NOBODY, ROLES, sees } from '../../src/accounts/account.js';
import { requireAccount } from '../../src/api/auth.js';
import { permits, policy } from '../../src/api/policy.js';
import { startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { filled, openContract } from './contract.js';

const account = (role: Account['role'], domain: string | null): Account => ({ ...ADMIN_TOKEN_ACCOUNT, role, domain });

it('a route without a permission keeps the API from starting', () => {
  const app = fastify({ exposeHeadRoutes: false });
  const credentials = { ofToken: async () => null, ofSession: async () => null };
  requireAccount(app, { credentials, limit: { max: 1, window: 1 }, now: () => 0 });
  app.get('/api/devices', async () => ({}));
  expect(() => app.get('/api/forgotten', async () => ({}))).toThrow('GET /api/forgotten has no permission');
});

it('every permission is of a route', async () => {
  const gateway = await startGatewayUnderTest();
  try {
    const { operations } = await openContract(gateway);
    const names = operations.map(({ method, path }) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`);
    expect(Object.keys(policy).filter((name) => !names.includes(name))).toEqual(['GET /api/openapi.json']);
  } finally {
    await gateway.remove();
  }
});

it('each route is refused to each role that may not ask it, and to no other', async () => {
  const gateway = await startGatewayUnderTest();
  try {
    const { operations } = await openContract(gateway);
    await gateway.api('POST', '/api/domains', { name: 'north' });
    const wrong: string[] = [];
    for (const role of ROLES)
      for (const domain of ['north', undefined]) {
        const { body } = await gateway.api('POST', '/api/tokens', { name: 'x', role, domain });
        const headers = { authorization: `Bearer ${body.token}` };
        for (const { method, path } of operations) {
          const permission = policy[`${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`];
          const stop = new AbortController();
          const url = gateway.url + filled(path, { id: '1' });
          const { status } = await fetch(url, { method, headers, signal: stop.signal });
          stop.abort();
          const may = permission !== undefined && permits(permission, account(role, domain ?? null));
          if ((status === 403) === may) wrong.push(`${role} of ${domain}: ${method} ${path} ${status}`);
        }
      }
    expect(wrong).toEqual([]);
  } finally {
    await gateway.remove();
  }
}, 60_000);

it('a role may do what lesser ones may, and only over all domains what takes all of them', () => {
  const may = (permission: Parameters<typeof permits>[0], domain: string | null) =>
    ROLES.filter((role) => permits(permission, account(role, domain)));
  expect(may('viewer', 'd')).toEqual(['viewer', 'operator', 'admin']);
  expect(may('operator', 'd')).toEqual(['operator', 'admin']);
  expect(may('admin', 'd')).toEqual(['admin']);
  expect(may('viewer of all', 'd')).toEqual([]);
  expect(may('viewer of all', null)).toEqual(['viewer', 'operator', 'admin']);
  expect(may('operator of all', null)).toEqual(['operator', 'admin']);
  expect(may('admin of all', null)).toEqual(['admin']);
  expect(permits('viewer', NOBODY)).toBe(false);
  expect(permits('anyone', NOBODY)).toBe(true);
});

it('an account sees its domain, one over all domains everything, and nobody nothing', () => {
  expect(sees(account('viewer', 'd'), { domain: 'd' })).toBe(true);
  expect(sees(account('admin', 'd'), { domain: 'e' })).toBe(false);
  expect(sees(account('admin', 'd'), { domain: null })).toBe(false);
  expect(sees(account('viewer', null), { domain: null })).toBe(true);
  expect(sees(NOBODY, { domain: null })).toBe(false);
});
