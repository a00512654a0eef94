import { type Static, Type } from 'typebox';
import { type Account, isOverAll, ROLES, sees } from '../accounts/account.js';
import type { User } from '../accounts/users.js';
import { forbidden } from './auth.js';
import { DateOrNull, dateOrNull } from './dates.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound, Problem } from './problem.js';
import { problems } from './responses.js';

export const RoleGiven = Type.Enum(ROLES, {
  description: 'viewer: sees; operator: also sets and commands; admin: also deletes, and has to do with accounts',
});
const Name = Type.String({ minLength: 1, maxLength: 255, description: 'a name of 1 to 255 characters' });
const Password = Type.String({ minLength: 1, maxLength: 1_024, description: 'a password of 10 to 256 characters' });
const DomainWanted = Type.Union([Name, Type.Null()], {
  description: 'the UUID or name of a domain, or null: all domains',
});

export const UserGiven = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    name: Type.String(),
    role: Type.Union([RoleGiven, Type.Null()], { description: 'null: may nothing' }),
    domain: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], {
      description: 'the domain whose devices are seen; null: all domains',
    }),
    hasPassword: Type.Boolean({ description: 'whether one can log in as this user' }),
    deleted: DateOrNull,
  },
  {
    $id: 'User',
    examples: [
      {
        id: '0191b9f0-7c3e-7a53-9d6e-2f1f6a3c9b11',
        name: 'ada',
        role: 'operator',
        domain: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3',
        hasPassword: true,
        deleted: null,
      },
    ],
  },
);
export type UserGiven = Static<typeof UserGiven>;

export const UsersPage = Type.Object({ users: Type.Array(UserGiven), next: Next });
export type UsersPage = Static<typeof UsersPage>;

const UserParams = Type.Object({
  user: Type.String({ minLength: 1, maxLength: 255, description: 'the UUID or name of a user', examples: ['ada'] }),
});

const UserToMake = Type.Object(
  { name: Name, role: RoleGiven, domain: Type.Optional(DomainWanted), password: Type.Optional(Password) },
  { additionalProperties: false, examples: [{ name: 'ada', role: 'operator', password: 'correct horse battery' }] },
);

const UserToChange = Type.Object(
  {
    name: Type.Optional(Name),
    role: Type.Optional(RoleGiven),
    domain: Type.Optional(DomainWanted),
    password: Type.Optional(
      Type.Union([Password, Type.Null()], { description: 'a password of 10 to 256 characters, or null: none' }),
    ),
  },
  {
    additionalProperties: false,
    minProperties: 1,
    description: 'an object with one or more of name, role, domain, password',
    examples: [{ role: 'admin' }],
  },
);

/** The people who use the gateway; an admin has to do with those of his domain. */
export function addUsers(app: Api, parts: ApiParts): void {
  const { users, domains, credentials } = parts;
  const tags = ['accounts'];

  app.get(
    '/api/users',
    {
      schema: {
        tags,
        summary: 'Users in the order of their names',
        querystring: Type.Object(
          {
            ...pageQuery,
            deleted: Type.Optional(Type.Boolean({ description: 'true: those marked as deleted instead' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: UsersPage, ...problems(400) },
      },
    },
    async ({ account, query: { limit = DEFAULT_PAGE, cursor, deleted } }) => {
      const page = await users.list({ limit, after: cursor, deleted, where: (user) => sees(account, user) });
      return { users: page.entities.map(userGiven), next: page.next };
    },
  );

  app.get(
    '/api/users/:user',
    { schema: { tags, summary: 'One user', params: UserParams, response: { 200: UserGiven, ...problems(400, 404) } } },
    async ({ account, params }) => userGiven(await userOf(parts, account, params.user)),
  );

  app.post(
    '/api/users',
    {
      schema: {
        tags,
        summary: 'Make a user; without a domain it is that of who asks',
        body: UserToMake,
        response: { 201: UserGiven, ...problems(400, 409, 413, 415, 503) },
      },
    },
    async ({ account, body: { name, role, domain, password } }, reply) => {
      const joined = await domainOf(account, domain === undefined ? account.domain : domain);
      const hash = password === undefined ? null : await credentials.passwords.hash(password);
      const { id } = await users.create(name);
      const user = await users.update(id, { role, domain: joined, password: hash });
      reply.code(201);
      return userGiven(user);
    },
  );

  app.patch(
    '/api/users/:user',
    {
      schema: {
        tags,
        summary: 'Change the name, role, domain or password of a user; with a new password all sessions end',
        params: UserParams,
        body: UserToChange,
        response: { 200: UserGiven, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ account, params, body: { name, role, domain, password } }) => {
      const { id } = await aliveUserOf(parts, account, params.user);
      const joined = domain === undefined ? undefined : await domainOf(account, domain);
      const hash = typeof password === 'string' ? await credentials.passwords.hash(password) : password;
      if (name !== undefined) await users.rename(id, name);
      const user = await users.update(id, { role, domain: joined, password: hash });
      if (hash !== undefined) await credentials.sessions.closeAll(id);
      credentials.forget();
      return userGiven(user);
    },
  );

  app.delete(
    '/api/users/:user',
    {
      schema: {
        tags,
        summary: 'Mark a user as deleted: sessions end, tokens hold no longer',
        params: UserParams,
        response: { 200: UserGiven, ...problems(400, 404, 503) },
      },
    },
    async ({ account, params }) => {
      const { id } = await userOf(parts, account, params.user);
      const user = await users.delete(id);
      await credentials.sessions.closeAll(id);
      credentials.forget();
      return userGiven(user);
    },
  );

  app.post(
    '/api/users/:user/restore',
    {
      schema: {
        tags,
        summary: 'Take back that a user was deleted; named by the UUID where the name was taken since',
        params: UserParams,
        response: { 200: UserGiven, ...problems(400, 404, 409, 503) },
      },
    },
    async ({ account, params }) => {
      const { id } = await userOf(parts, account, params.user);
      return userGiven(await users.restore(id));
    },
  );

  /** The UUID of a domain that the account may put users into. */
  async function domainOf(account: Account, idOrName: string | null): Promise<string | null> {
    if (idOrName === null) {
      if (isOverAll(account)) return null;
      throw forbidden('users over all domains are made by admins over all domains alone');
    }
    const domain = await domains.find(idOrName);
    if (domain?.deleted !== null || !sees(account, { domain: domain.id }))
      throw badField('domain', idOrName, 'the UUID or name of a domain, or null: all domains');
    return domain.id;
  }
}

/** The user of this UUID or name, deleted or not; throws the problem that there is none whom the account sees. */
export async function userOf(
  { users }: Pick<ApiParts, 'users'>,
  account: Account,
  idOrName: string,
  field = 'user',
): Promise<User> {
  const user = await users.find(idOrName);
  if (!user || !sees(account, user)) throw notFound(field, idOrName, 'user');
  return user;
}

async function aliveUserOf(parts: Pick<ApiParts, 'users'>, account: Account, idOrName: string): Promise<User> {
  const user = await userOf(parts, account, idOrName);
  if (user.deleted === null) return user;
  throw new Problem(409, `user ${JSON.stringify(idOrName)} is deleted; restore it first`, { field: 'user' });
}

/** A user as the API gives it. */
export function userGiven({ id, name, role, domain, password, deleted }: User): UserGiven {
  return { id, name, role, domain, hasPassword: password !== null, deleted: dateOrNull(deleted) };
}
