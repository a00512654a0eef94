import { type Static, Type } from 'typebox';
import { type Account, isAtLeast, isOverAll, sees } from '../accounts/account.js';
import type { ApiToken } from '../accounts/api-tokens.js';
import { type AttemptLimit, createAttempts } from '../accounts/attempts.js';
import { forbidden } from './auth.js';
import { DateGiven, DateOrNull, DateText, dateOrNull, isoDate, parseDate } from './dates.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound, tooMany } from './problem.js';
import { problems } from './responses.js';
import { RoleGiven } from './users.js';

/** Tokens that an account may make. */
export const TOKENS_OF_ACCOUNT: AttemptLimit = { max: 1_000, window: 24 * 3_600_000 };

const tokenFields = {
  id: Type.String({ format: 'uuid' }),
  name: Type.String({ description: 'what it is for' }),
  owner: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], {
    description: 'the user whose it is: it may no more than he may; null: it stands for itself',
  }),
  role: RoleGiven,
  domain: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], {
    description: 'the domain whose devices it sees; null: all that its owner sees',
  }),
  readOnly: Type.Boolean({ description: 'whether it may change nothing' }),
  created: DateGiven,
  expires: Type.Union([DateGiven, Type.Null()], { description: 'null: never' }),
  used: Type.Union([DateGiven, Type.Null()], { description: 'when it was used last, right to a minute; null: never' }),
};
const example = {
  id: '3b0d5a1c-9e44-8d21-8f3a-6b2f0d4c1e57',
  name: 'reports',
  owner: null,
  role: 'viewer',
  domain: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3',
  readOnly: true,
  created: '2026-11-20T12:30:00.000Z',
  expires: '2027-11-20T00:00:00.000Z',
  used: null,
};

export const TokenGiven = Type.Object(
  { ...tokenFields, revoked: DateOrNull },
  {
    $id: 'Token',
    examples: [{ ...example, revoked: null }],
  },
);
export type TokenGiven = Static<typeof TokenGiven>;

export const TokenMade = Type.Object(
  { ...TokenGiven.properties, token: Type.String({ description: 'the token itself, told this once' }) },
  { examples: [{ ...example, revoked: null, token: 'm2mp_…' }] },
);
export type TokenMade = Static<typeof TokenMade>;

export const TokensPage = Type.Object({ tokens: Type.Array(TokenGiven), next: Next });
export type TokensPage = Static<typeof TokensPage>;

const TokenParams = Type.Object({
  token: Type.String({ minLength: 1, maxLength: 36, description: 'the id of a token, a UUID' }),
});

const TokenToMake = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255, description: 'what it is for, 1 to 255 characters' }),
    role: Type.Optional(RoleGiven),
    domain: Type.Optional(
      Type.String({ minLength: 1, maxLength: 255, description: 'the UUID or name of a domain that it is limited to' }),
    ),
    readOnly: Type.Optional(Type.Boolean({ description: 'true: it may change nothing' })),
    expires: Type.Optional(DateText),
  },
  { additionalProperties: false, examples: [{ name: 'reports', role: 'viewer', readOnly: true }] },
);

/** What programs show in place of a password: each user has his own, and they may no more than he may. */
export function addTokens(app: Api, parts: ApiParts): void {
  const { domains, credentials, clock } = parts;
  const { tokens } = credentials;
  const makings = createAttempts(TOKENS_OF_ACCOUNT);
  const tags = ['accounts'];

  app.get(
    '/api/tokens',
    {
      schema: {
        tags,
        summary: 'Tokens that were not revoked: your own, to an admin those of his domain; never the tokens themselves',
        querystring: Type.Object({ ...pageQuery }, { additionalProperties: false }),
        response: { 200: TokensPage, ...problems(400) },
      },
    },
    async ({ account, query: { limit = DEFAULT_PAGE, cursor } }) => {
      const where = visibleTo(account);
      const page = await tokens.list({ limit, after: cursor, where });
      return { tokens: page.tokens.map(given), next: page.next };
    },
  );

  app.post(
    '/api/tokens',
    {
      schema: {
        tags,
        summary: 'Make a token; without a role, domain or date it has yours, all you see, and does not expire',
        body: TokenToMake,
        response: { 201: TokenMade, ...problems(400, 413, 415, 503) },
      },
    },
    async ({ account, body }, reply) => {
      if (account.token !== null && !isAtLeast(account.role, 'admin'))
        throw forbidden('a token makes no token, but for one of an admin; log in');
      const wait = makings.take(account.id, clock.now());
      if (wait > 0) throw tooMany(`tokens made by ${JSON.stringify(account.name)}`, wait);
      const { role = account.role ?? 'viewer', readOnly = false } = body;
      if (!isAtLeast(account.role, role)) throw badField('role', role, `at the most your own, ${account.role}`);
      const expires = body.expires === undefined ? null : parseDate('expires', body.expires, true);
      if (expires !== null && expires <= clock.now()) throw badField('expires', body.expires, 'a date in the future');
      const domain = body.domain === undefined ? account.domain : await domainOf(account, body.domain);
      const made = await tokens.create({ name: body.name, owner: account.user, role, domain, readOnly, expires });
      reply.code(201).header('cache-control', 'no-store');
      return { ...given(made.token), token: made.text };
    },
  );

  app.delete(
    '/api/tokens/:token',
    {
      schema: {
        tags,
        summary: 'Revoke a token, for good',
        params: TokenParams,
        response: { 200: TokenGiven, ...problems(400, 404, 503) },
      },
    },
    async ({ account, params }) => {
      const found = await tokens.get(params.token.toLowerCase());
      if (!found || !visibleTo(account)(found)) throw notFound('token', params.token, 'token');
      const token = await tokens.revoke(found.id);
      credentials.forget();
      return given(token);
    },
  );

  /** Which tokens an account has to do with: those of its user, and with the role admin all that act in its domain. */
  function visibleTo(account: Account): (token: ApiToken) => boolean {
    const isAdmin = isAtLeast(account.role, 'admin');
    return (token) => {
      if (token.id === account.token) return true;
      if (token.owner !== null && token.owner === account.user) return true;
      return isAdmin && (isOverAll(account) || sees(account, token));
    };
  }

  async function domainOf(account: Account, idOrName: string): Promise<string> {
    const domain = await domains.find(idOrName);
    if (domain?.deleted !== null || !sees(account, { domain: domain.id }))
      throw badField('domain', idOrName, 'the UUID or name of a domain');
    return domain.id;
  }
}

function given({ id, name, owner, role, domain, readOnly, created, expires, used, revoked }: ApiToken): TokenGiven {
  const dates = { expires: dateOrNull(expires), used: dateOrNull(used), revoked: dateOrNull(revoked) };
  return { id, name, owner, role, domain, readOnly, created: isoDate(created), ...dates };
}
