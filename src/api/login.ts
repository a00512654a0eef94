/** People who log in with name and password: they get a session, in a cookie that scripts cannot read. */
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Account } from '../accounts/account.js';
import { type AttemptLimit, addressKey, createAttempts } from '../accounts/attempts.js';
import { userAccount } from '../accounts/credentials.js';
import { clearSessionCookie, sessionCookie, setSessionCookie } from './cookie.js';
import { DateGiven, isoDate } from './dates.js';
import { refuseOtherSites } from './origin.js';
import type { Api, ApiParts } from './parts.js';
import { Problem, tooMany } from './problem.js';
import { problems, publicProblems } from './responses.js';
import { RoleGiven } from './users.js';

/** Attempts to log in from one address, and as one user; what succeeds is not counted. */
export const ATTEMPTS_OF_ADDRESS: AttemptLimit = { max: 50, window: 15 * 60_000 };
export const ATTEMPTS_OF_USER: AttemptLimit = { max: 10, window: 15 * 60_000 };

/** Bytes of what is taken from people who are not known yet. */
const MAX_LOGIN_BODY = 8_192;

const uuid = Type.String({ format: 'uuid' });

export const AccountGiven = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    name: Type.String(),
    role: RoleGiven,
    domain: Type.Union([uuid, Type.Null()], { description: 'null: all domains' }),
    readOnly: Type.Boolean(),
    user: Type.Union([uuid, Type.Null()], { description: 'null: of no user' }),
    token: Type.Union([uuid, Type.Null()], {
      description: 'id of the API token that was shown; null: none was',
    }),
  },
  {
    $id: 'Account',
    examples: [
      {
        id: '0191b9f0-7c3e-7a53-9d6e-2f1f6a3c9b11',
        name: 'ada',
        role: 'operator',
        domain: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3',
        readOnly: false,
        user: '0191b9f0-7c3e-7a53-9d6e-2f1f6a3c9b11',
        token: null,
      },
    ],
  },
);
export type AccountGiven = Static<typeof AccountGiven>;

const Secret = Type.String({ minLength: 1, maxLength: 1_024, description: 'a password' });
const NewSecret = Type.String({ minLength: 1, maxLength: 1_024, description: 'a password of 10 to 256 characters' });

/** Log in and out, and who one is. */
export function addLogin(app: Api, parts: ApiParts): void {
  const { users, credentials, audit, clock, log } = parts;
  const { sessions, passwords } = credentials;
  const ofAddress = createAttempts(ATTEMPTS_OF_ADDRESS);
  const ofUser = createAttempts(ATTEMPTS_OF_USER);
  const tags = ['accounts'];

  app.post(
    '/api/login',
    {
      bodyLimit: MAX_LOGIN_BODY,
      schema: {
        tags,
        summary: 'Begin a session, which the cookie m2mp_session holds for twelve hours',
        description:
          `Over TLS the cookie is __Host-m2mp_session. With it, what changes something must come from a page of the ` +
          `gateway itself. ${ATTEMPTS_OF_USER.max} attempts that fail are taken for a user within ` +
          `${ATTEMPTS_OF_USER.window / 60_000} minutes, and ${ATTEMPTS_OF_ADDRESS.max} from an address.`,
        security: [],
        body: Type.Object(
          { user: Type.String({ minLength: 1, maxLength: 255, description: 'the name of a user' }), password: Secret },
          { additionalProperties: false, examples: [{ user: 'ada', password: 'correct horse battery' }] },
        ),
        response: {
          200: Type.Object({ account: AccountGiven, expires: DateGiven }),
          ...publicProblems(400, 401, 403, 413, 415, 503),
        },
      },
    },
    async (request, reply) => {
      refuseForeignPages(request);
      const { user: name, password } = request.body;
      const user = await users.find(name);
      const key = user?.id ?? name;
      takeAttempt(request, key);
      const isRight = await passwords.check(user?.deleted === null ? user.password : null, password);
      const account = user && isRight ? userAccount(user) : null;
      if (!account) {
        log.warn({ request: request.id, address: request.ip }, 'a login failed');
        // Not waited for: the time would tell whether there is such a user.
        if (user) audit.failed(request, user).catch(notNoted);
        throw new Problem(401, 'there is no such user, or the password is another', { field: 'password' });
      }
      clearAttempts(request, key);
      const session = await sessions.open(account.id);
      request.account = account;
      setSessionCookie(request, reply, session.text);
      reply.header('cache-control', 'no-store');
      return { account: given(account), expires: isoDate(session.expires) };
    },
  );

  app.post(
    '/api/logout',
    {
      schema: {
        tags,
        summary: 'End the session of the cookie',
        response: { 204: Type.Null({ description: 'It is ended' }), ...problems(503) },
      },
    },
    async (request, reply) => {
      const session = sessionCookie(request);
      if (session !== undefined) await sessions.close(session);
      credentials.forget();
      clearSessionCookie(request, reply);
      reply.code(204);
      return null;
    },
  );

  app.get(
    '/api/me',
    { schema: { tags, summary: 'Who one is, and what one may', response: { 200: AccountGiven, ...problems() } } },
    async ({ account }) => given(account),
  );

  app.put(
    '/api/me/password',
    {
      schema: {
        tags,
        summary: "Change one's password; all one's sessions end, and one logs in anew",
        body: Type.Object(
          { old: Secret, password: NewSecret },
          {
            additionalProperties: false,
            examples: [{ old: 'correct horse battery', password: 'staple battery horse' }],
          },
        ),
        response: { 204: Type.Null({ description: 'It is changed' }), ...problems(400, 409, 413, 415, 503) },
      },
    },
    async (request, reply) => {
      const { account, body } = request;
      const user = account.user === null ? undefined : await users.get(account.user);
      if (!user) throw new Problem(409, `${JSON.stringify(account.name)} is no user, and has no password`);
      takeAttempt(request, user.id);
      if (!(await passwords.check(user.password, body.old)))
        throw new Problem(403, 'old: is not the password that was set', { field: 'old' });
      clearAttempts(request, user.id);
      await users.update(user.id, { password: await passwords.hash(body.password) });
      await sessions.closeAll(user.id);
      credentials.forget();
      clearSessionCookie(request, reply);
      reply.code(204);
      return null;
    },
  );

  function notNoted(error: unknown): void {
    log.warn({ error: String(error) }, 'a failed login was not noted');
  }

  /** Counted before the password is looked at, so that attempts made at once are all counted. */
  function takeAttempt(request: FastifyRequest, user: string): void {
    const now = clock.now();
    const wait = Math.max(ofAddress.take(addressKey(request.ip), now), ofUser.take(user, now));
    if (wait > 0) throw tooMany('attempts to log in', wait);
  }

  function clearAttempts(request: FastifyRequest, user: string): void {
    // Not all of them: who has one account must not try out another for ever.
    ofAddress.giveBack(addressKey(request.ip));
    ofUser.clear(user);
  }
}

/** Nobody is logged in as somebody else by a page of another site; a program sends no origin. */
function refuseForeignPages(request: FastifyRequest): void {
  const { origin } = request.headers;
  if (origin !== undefined || request.headers['sec-fetch-site'] !== undefined) refuseOtherSites(request);
}

function given({ id, name, role, domain, readOnly, user, token }: Account): AccountGiven {
  return { id, name, role: role ?? 'viewer', domain, readOnly, user, token };
}
