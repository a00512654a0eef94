/** Who asks, and whether he may: each request has an account, and each route a permission. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Account, ADMIN_TOKEN_ACCOUNT, isOverAll, NOBODY } from '../accounts/account.js';
import { checkToken } from '../accounts/tokens.js';
import { permits, policy } from './policy.js';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: what is given to him is held to what he sees (`deviceOf`, `sees`, the parts' `scope`). */
    account: Account;
  }
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Lets requests pass whose account may ask them by the policy; what is unknown is refused as well. */
export function requireAccount(app: FastifyInstance, token: string): void {
  app.decorateRequest('account');
  app.addHook('onRequest', async (request) => {
    request.account = NOBODY;
    const { url } = request.routeOptions;
    const permission = url === undefined ? undefined : policy[`${request.method} ${url}`];
    if (permission === 'anyone') return;
    request.account = accountOf(request, token);
    if (url === undefined) return;
    if (permission === undefined) throw forbidden(`${request.method} ${url} is permitted to nobody`);
    if (!permits(permission, request.account))
      throw forbidden(`this takes the role ${permission}, and ${described(request.account)} has not got it`);
    if (request.account.readOnly && !READS.has(request.method))
      throw forbidden(`${described(request.account)} may change nothing`);
  });
}

/** What an account may not do: status 403. */
export function forbidden(message: string): Problem {
  return new Problem(403, message);
}

function accountOf(request: FastifyRequest, token: string): Account {
  const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (given !== undefined && checkToken(token, given)) return ADMIN_TOKEN_ACCOUNT;
  throw new Problem(401, 'the header "Authorization: Bearer TOKEN" is missing or its token is not valid', {
    field: 'Authorization',
    takes: 'Bearer and the token, which is in admin.token of the data directory',
  });
}

function described(account: Account): string {
  return `${JSON.stringify(account.name)}, ${account.role}${isOverAll(account) ? ' of all domains' : ''},`;
}
