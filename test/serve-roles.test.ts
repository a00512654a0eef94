import { afterEach, expect, it } from 'vitest';
import { loadConfig } from '../src/config/load.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway/gateway-under-test.js';

let gateway: GatewayUnderTest | null = null;

afterEach(async () => {
  await gateway?.remove();
  gateway = null;
});

it('a process with the role gateway serves devices and no HTTP', async () => {
  gateway = await startGatewayUnderTest({ roles: 'gateway' });
  expect(gateway.port('m2mp')).toBeGreaterThan(0);
  expect(gateway.url).toBe('');
});

it('a process with the role api serves HTTP and no devices', async () => {
  gateway = await startGatewayUnderTest({ roles: 'api' });
  expect((await gateway.api('GET', '/api/devices')).status).toBe(200);
  expect(() => gateway?.port('m2mp')).toThrow('m2mp does not listen');
});

it('a role that is none is refused by name, with those there are', () => {
  const flags = { roles: 'gateway,reader' };
  const sources = { file: '/nonexistent/m2mp.yaml', fileRequired: false, env: {}, flags };
  expect(() => loadConfig([], sources)).toThrow(
    '--roles: "gateway,reader" is not valid, it takes of gateway, api, storage, separated by commas',
  );
});
