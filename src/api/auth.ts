import type { FastifyInstance } from 'fastify';
import { checkToken } from '../accounts/tokens.js';
import { Problem } from './problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route answers without a token. */
    public?: boolean;
  }
}

/** Lets requests pass that bear the token, or whose route says it is public; what is unknown is refused as well. */
export function requireToken(app: FastifyInstance, token: string): void {
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config?.public) return;
    const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (given === undefined || !checkToken(token, given))
      throw new Problem(401, 'the header "Authorization: Bearer TOKEN" is missing or its token is not valid', {
        field: 'Authorization',
        takes: 'Bearer and the token, which is in admin.token of the data directory',
      });
  });
}
