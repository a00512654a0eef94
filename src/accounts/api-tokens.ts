/** Tokens of programs: `/token/<uuid>/`, see docs/data-model.md. The token itself is told once; its hash is kept. */
import { Refusal } from '../devices/refusal.js';
import { checkTitle, shown } from '../devices/text.js';
import type { Turns } from '../devices/turns.js';
import { deleteEntity, type EntityKind, entityValues, isUuid, loadEntity, timeValue } from '../registry/entity.js';
import { path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import { type Role, roleOf } from './account.js';
import { hashOf } from './secrets.js';
import { isToken, newToken } from './tokens.js';

export interface ApiToken {
  /** UUID. */
  readonly id: string;
  /** What it is for; several may have the same. */
  readonly name: string;
  /** UUID of the user whose it is: it may no more than he may. null: it stands for itself. */
  readonly owner: string | null;
  readonly role: Role;
  /** UUID, or null: all domains. */
  readonly domain: string | null;
  readonly readOnly: boolean;
  /** UNIX ms. */
  readonly created: number;
  /** UNIX ms; null: never. */
  readonly expires: number | null;
  /** When it was used last, UNIX ms, right to `LAST_USED_EVERY`; null: never. */
  readonly used: number | null;
  /** UNIX ms; null: it is not. */
  readonly revoked: number | null;
}

export type TokenToMake = Pick<ApiToken, 'name' | 'owner' | 'role' | 'domain' | 'readOnly' | 'expires'>;

/** Every change resolves when it is durable. */
export interface ApiTokens {
  /** Makes one; the text is to be told now or never. */
  create(token: TokenToMake): Promise<{ token: ApiToken; text: string }>;
  /** The token of a text, while it holds: not expired, not revoked. */
  ofText(text: string): Promise<ApiToken | undefined>;
  /** One by its id, a revoked one too. */
  get(id: string): Promise<ApiToken | undefined>;
  /** A page in the order of ids, of those not revoked that `where` holds for. */
  list(query: TokenQuery): Promise<{ tokens: readonly ApiToken[]; next: string | null }>;
  revoke(id: string): Promise<ApiToken>;
  /** Notes that it is used now; written at most once in `LAST_USED_EVERY`, and not waited for by anybody. */
  used(token: ApiToken): Promise<void>;
}

export interface TokenQuery {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly where: (token: ApiToken) => boolean;
}

export interface ApiTokenOptions {
  readonly registry: Registry;
  readonly turns: Turns;
  /** UNIX ms. */
  readonly now: () => number;
}

/** Milliseconds within which the last use of a token is written once. */
export const LAST_USED_EVERY = 60_000;
/** Tokens whose last use this process remembers; above it, the oldest is written anew when it is used. */
export const MAX_REMEMBERED = 10_000;
/** Tokens looked at in one go when a page is gathered. */
const CHUNK = 100;

const tokenKind: EntityKind<Omit<ApiToken, 'used'> & { readonly hash: string }> = {
  name: 'token',
  upgrades: [() => ({})],
  read: (id, values, deleted) => ({
    id,
    name: values.get('name') ?? '',
    hash: values.get('hash') ?? '',
    owner: values.get('owner') ?? null,
    role: roleOf(values.get('role')) ?? 'viewer',
    domain: values.get('domain') ?? null,
    readOnly: values.get('read-only') === '1',
    created: timeValue(values.get('created')) ?? 0,
    expires: timeValue(values.get('expires')),
    revoked: deleted,
  }),
};

export function openApiTokens({ registry, turns, now }: ApiTokenOptions): ApiTokens {
  const written = new Map<string, number>();
  // Beside the token: a use that is noted while another gateway revokes it would bring it back.
  const useOf = (id: string) => path('token-use', id);

  async function load(id: string) {
    const token = await loadEntity(registry, tokenKind, id);
    if (!token) return undefined;
    const used = timeValue((await registry.get(useOf(id)))?.values.get('time'));
    return { ...token, used };
  }

  async function get(id: string): Promise<ApiToken | undefined> {
    const found = await load(id);
    if (!found) return undefined;
    const { hash: _, ...token } = found;
    return token;
  }

  async function must(id: string): Promise<ApiToken> {
    const token = await get(id);
    if (!token) throw new Refusal('unknown', `There is no token ${shown(id)}`, 'token');
    return token;
  }

  return {
    get,
    async create({ name, owner, role, domain, readOnly, expires }) {
      checkTitle('name of a token', name);
      const text = newToken();
      const hash = hashOf(text);
      const id = idOf(hash);
      const values = {
        name,
        hash,
        role,
        created: String(now()),
        ...(owner !== null && { owner }),
        ...(domain !== null && { domain }),
        ...(readOnly && { 'read-only': '1' }),
        ...(expires !== null && { expires: String(expires) }),
      };
      await registry.create(path(tokenKind.name, id), entityValues(tokenKind, values));
      return { token: await must(id), text };
    },
    async ofText(text) {
      if (!isToken(text)) return undefined;
      const hash = hashOf(text);
      const found = await loadEntity(registry, tokenKind, idOf(hash));
      if (!found || found.hash !== hash || found.revoked !== null) return undefined;
      if (found.expires !== null && found.expires <= now()) return undefined;
      const { hash: _, ...token } = found;
      return { ...token, used: null };
    },
    async list({ after, limit, where }) {
      const tokens: ApiToken[] = [];
      let last = after;
      while (tokens.length <= limit) {
        const page = { limit: CHUNK, ...(last !== undefined && { after: last }) };
        const ids = await registry.children(path(tokenKind.name), page);
        const found = await Promise.all(ids.map(get));
        for (const token of found) if (token && token.revoked === null && where(token)) tokens.push(token);
        last = ids.at(-1);
        if (ids.length < CHUNK) break;
      }
      const shownTokens = tokens.slice(0, limit);
      return { tokens: shownTokens, next: tokens.length > limit ? (shownTokens.at(-1)?.id ?? null) : null };
    },
    revoke: (id) =>
      turns(tokenKind.name, async () => {
        const before = isUuid(id) ? await get(id) : undefined;
        if (!before) throw new Refusal('unknown', `There is no token ${shown(id)}`, 'token');
        if (before.revoked === null) await deleteEntity(registry, tokenKind, id, now());
        return must(id);
      }),
    async used({ id }) {
      const time = now();
      if (time - (written.get(id) ?? Number.NEGATIVE_INFINITY) < LAST_USED_EVERY) return;
      written.delete(id);
      written.set(id, time);
      const oldest = written.keys().next();
      if (written.size > MAX_REMEMBERED && !oldest.done) written.delete(oldest.value);
      await registry.set(useOf(id), { time: String(time) });
    },
  };
}

/** A UUID (version 8) of a token's hash, so that a token is found without an index. */
function idOf(hash: string): string {
  const hex = `${hash.slice(0, 12)}8${hash.slice(13, 16)}8${hash.slice(17, 32)}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
