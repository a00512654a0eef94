import { fastify } from 'fastify';
import { expect, it } from 'vitest';
import { openCredentials } from '../../src/accounts/credentials.js';
import { requireAccount } from '../../src/api/auth.js';
import { endRevoked } from '../../src/api/long-requests.js';
import { openDevicesUnderTest } from '../devices/devices-under-test.js';

it('a stream ends when its token is revoked, and another one goes on', async () => {
  const test = await openDevicesUnderTest();
  const { users } = test.parts;
  const credentials = openCredentials({
    registry: test.registry,
    users,
    adminToken: 'm2mp_',
    now: () => test.now,
    onTrouble: (error) => expect.fail(String(error)),
  });
  const app = fastify({ exposeHeadRoutes: false });
  requireAccount(app, { credentials, limit: { max: 100, window: 1_000 }, now: () => test.now });
  endRevoked(app, credentials, 20);
  app.get('/api/events', (_, reply) => {
    reply.hijack();
    reply.raw.write('open');
  });
  const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/api/events`;
  try {
    const { id } = await users.create('ada');
    await users.update(id, { role: 'viewer' });
    const ended: string[] = [];
    const make = async (name: string) => {
      const token = { name, owner: id, role: 'viewer', domain: null, readOnly: false, expires: null } as const;
      const made = await credentials.tokens.create(token);
      const stream = await fetch(url, { headers: { authorization: `Bearer ${made.text}` } });
      const end = stream.text().then(
        () => ended.push(name),
        () => ended.push(name),
      );
      return { id: made.token.id, end };
    };
    const [one, other] = [await make('one'), await make('other')];
    await credentials.tokens.revoke(one.id);
    credentials.forget();
    await one.end;
    expect(ended).toEqual(['one']);
    await users.update(id, { role: 'operator' });
    credentials.forget();
    // A token of a viewer stays one, and of a user who is none no more is none.
    await users.delete(id);
    credentials.forget();
    await other.end;
  } finally {
    await app.close();
    await test.remove();
  }
});
