import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { type Account, ADMIN_TOKEN_ACCOUNT, NOBODY, ROLES, sees } from '../../src/accounts/account.js';
import { requireAccount } from '../../src/api/auth.js';
import { permits, policy } from '../../src/api/policy.js';
import { startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { openContract } from './contract.js';

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
