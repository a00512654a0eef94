import { afterEach, beforeEach, expect, it } from 'vitest';
import { LAST_USED_EVERY, type TokenToMake } from '../../src/accounts/api-tokens.js';
import { ACCOUNT_KNOWN_FOR, type Credentials, openCredentials } from '../../src/accounts/credentials.js';
import { MAX_SESSIONS, SESSION_LASTS } from '../../src/accounts/sessions.js';
import { newToken } from '../../src/accounts/tokens.js';
import { type DevicesUnderTest, openDevicesUnderTest } from '../devices/devices-under-test.js';

const ADMIN_TOKEN = newToken();
const TOKEN: TokenToMake = { name: 'x', owner: null, role: 'operator', domain: null, readOnly: false, expires: null };

let test: DevicesUnderTest;
let credentials: Credentials;
/** Another gateway over the same data. */
let other: Credentials;

beforeEach(async () => {
  test = await openDevicesUnderTest();
  const open = () =>
    openCredentials({
      registry: test.registry,
      users: test.parts.users,
      adminToken: ADMIN_TOKEN,
      now: () => test.now,
      onTrouble: (error) => expect.fail(String(error)),
    });
  [credentials, other] = [open(), open()];
});
afterEach(() => test.remove());

async function makeUser(name = 'ada', domain: string | null = null): Promise<string> {
  const { id } = await test.parts.users.create(name);
  await test.parts.users.update(id, { role: 'operator', domain });
  return id;
}

it('the text of a token is nowhere in the store', async () => {
  const { text, token } = await credentials.tokens.create(TOKEN);
  const node = await test.registry.get(`/token/${token.id}/`);
  expect([...(node?.values ?? [])].flat().join(' ')).not.toContain(text.slice(5));
  expect((await credentials.ofToken(text))?.id).toBe(token.id);
  expect((await credentials.ofToken(ADMIN_TOKEN))?.name).toBe('admin token');
  for (const wrong of ['', 'm2mp_', newToken(), `${text}x`, text.toLowerCase()])
    expect(await credentials.ofToken(wrong)).toBeNull();
});

it('a change holds at once where it was made, and soon on other gateways', async () => {
  const { text, token } = await credentials.tokens.create(TOKEN);
  for (const one of [credentials, other]) expect(await one.ofToken(text)).not.toBeNull();
  await credentials.tokens.revoke(token.id);
  credentials.forget();
  expect(await credentials.ofToken(text)).toBeNull();
  test.now += ACCOUNT_KNOWN_FOR;
  expect(await other.ofToken(text)).toBeNull();
});

it('a token expires to the millisecond, though it was just used', async () => {
  const { text } = await credentials.tokens.create({ ...TOKEN, expires: test.now + 1_000 });
  test.now += 999;
  expect(await credentials.ofToken(text)).not.toBeNull();
  test.now += 1;
  expect(await credentials.ofToken(text)).toBeNull();
});

it('the last use is written once in a while', async () => {
  const { text, token } = await credentials.tokens.create(TOKEN);
  const used = async () => (await credentials.tokens.get(token.id))?.used;
  const first = test.now;
  await credentials.ofToken(text);
  await expect.poll(used).toBe(first);
  test.now += LAST_USED_EVERY - 1;
  await credentials.tokens.used({ ...token, used: null });
  expect(await used()).toBe(first);
  test.now += 1;
  await credentials.tokens.used({ ...token, used: null });
  expect(await used()).toBe(test.now);
});

it('a token of a user may the lesser of both, in the domain of both', async () => {
  const [north, south] = [await test.parts.domains.create('north'), await test.parts.domains.create('south')];
  const owner = await makeUser('ada', north.id);
  const account = async (token: Partial<TokenToMake>) =>
    credentials.ofToken((await credentials.tokens.create({ ...TOKEN, owner, ...token })).text);
  expect(await account({ role: 'admin' })).toMatchObject({ role: 'operator', domain: north.id, user: owner });
  expect(await account({ role: 'viewer', readOnly: true })).toMatchObject({ role: 'viewer', readOnly: true });
  expect(await account({ domain: south.id })).toBeNull();
  await test.parts.users.update(owner, { domain: null });
  expect(await account({ domain: south.id })).toMatchObject({ domain: south.id });
});

it('of a user who has too many sessions the oldest ends, and all end after their time', async () => {
  const user = await makeUser();
  const texts: string[] = [];
  for (let n = 0; n <= MAX_SESSIONS; n++) {
    texts.push((await credentials.sessions.open(user)).text);
    test.now += 1;
  }
  expect(await credentials.ofSession(texts[0] ?? '')).toBeNull();
  for (const text of texts.slice(1)) expect(await credentials.ofSession(text)).toMatchObject({ user });
  const stored = JSON.stringify([...((await test.registry.get(`/session/${user}/`))?.values ?? [])]);
  for (const text of texts) expect(stored).not.toContain(text.split('.')[1]);
  test.now += SESSION_LASTS;
  expect(await credentials.ofSession(texts.at(-1) ?? '')).toBeNull();
  for (const wrong of ['', '.', `${user}.`, `${user}.x`, `../${user}.x`])
    expect(await credentials.ofSession(wrong)).toBeNull();
});

it('sessions are closed one by one, and all', async () => {
  const user = await makeUser();
  const [a, b, c] = [1, 2, 3].map(() => credentials.sessions.open(user));
  const texts = (await Promise.all([a, b, c])).map((session) => session?.text ?? '');
  await credentials.sessions.close(texts[0] ?? '');
  const held = async () => Promise.all(texts.map(async (text) => (await other.ofSession(text)) !== null));
  expect(await held()).toEqual([false, true, true]);
  await credentials.sessions.closeAll(user);
  test.now += ACCOUNT_KNOWN_FOR;
  expect(await held()).toEqual([false, false, false]);
});
