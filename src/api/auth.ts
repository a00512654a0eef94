/** Who asks, and whether he may: each request has an account, and each route a permission. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Account, isOverAll, NOBODY } from '../accounts/account.js';
import { type AttemptLimit, createAttempts } from '../accounts/attempts.js';
import type { Credentials } from '../accounts/credentials.js';
import { sessionCookie } from './cookie.js';
import { READS, refuseOtherSites } from './origin.js';
import { permits, policy } from './policy.js';
import { Problem, tooMany } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: what is given to him is held to what he sees (`deviceOf`, `sees`, the parts' `scope`). */
    account: Account;
  }
}

export interface AuthOptions {
  readonly credentials: Pick<Credentials, 'ofToken' | 'ofSession'>;
  /** Requests of one account. */
  readonly limit: AttemptLimit;
  /** UNIX ms. */
  readonly now: () => number;
}

/**
 * Lets requests pass whose account may ask them by the policy. To be called before routes are added: one without a
 * permission in the policy is an error at the start.
 */
export function requireAccount(app: FastifyInstance, { credentials, limit, now }: AuthOptions): void {
  const requests = createAttempts(limit);
  app.decorateRequest('account');
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat())
      if (policy[`${one} ${url}`] === undefined)
        throw new Error(`${one} ${url} has no permission: src/api/policy.ts must say who may ask it`);
  });
  app.addHook('onRequest', async (request) => {
    request.account = NOBODY;
    const { url } = request.routeOptions;
    const permission = url === undefined ? undefined : policy[`${request.method} ${url}`];
    if (permission === 'anyone') return;
    request.account = await accountOf(credentials, request);
    const wait = requests.take(request.account.token ?? request.account.id, now());
    if (wait > 0) throw tooMany(`requests of ${described(request.account)}`, wait);
    if (url === undefined) return;
    if (permission === undefined) throw forbidden(`${request.method} ${url} is permitted to nobody`);
    if (!permits(permission, request.account))
      throw forbidden(`this takes the role ${permission}, and ${described(request.account)}, has not got it`);
    if (request.account.readOnly && !READS.has(request.method))
      throw forbidden(`${described(request.account)}, may change nothing`);
  });
}

/** What an account may not do: status 403. */
export function forbidden(message: string): Problem {
  return new Problem(403, message);
}

/** The account of what a request bears; throws the problem that it bears nothing that holds. */
export async function accountOf(credentials: AuthOptions['credentials'], request: FastifyRequest): Promise<Account> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const given = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
    const account = given === undefined ? null : await credentials.ofToken(given);
    if (account) return account;
  } else {
    const session = sessionCookie(request);
    const account = session === undefined ? null : await credentials.ofSession(session);
    if (account) {
      // A browser sends the cookie whichever site made it ask.
      refuseOtherSites(request);
      return account;
    }
  }
  throw new Problem(401, 'the header "Authorization: Bearer TOKEN" is missing or its token is not valid', {
    field: 'Authorization',
    takes: 'Bearer and a token: that of admin.token in the data directory, or one of /api/tokens; or log in',
  });
}

function described(account: Account): string {
  return `${JSON.stringify(account.name)}, ${account.role}${isOverAll(account) ? ' of all domains' : ''}`;
}
