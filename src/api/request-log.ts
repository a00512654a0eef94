/** Requests in the log: each has an id, which its answer bears as well. Nothing of what was sent is logged. */
import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { v7 } from 'uuid';
import type { Logger } from '../observe/log.js';

/** The id of a request: that which a proxy gave it, if it is a plain one, else a new UUID. */
export function requestId({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : v7();
}

/** Logs each answer at the level debug, by its route: what stands in paths and queries may be secret. */
export function logRequests(app: FastifyInstance, log: Logger): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  app.addHook('onResponse', async (request, reply) => {
    const { id, method, routeOptions, ip: address } = request;
    const route = routeOptions.url ?? null;
    const ms = Math.round(reply.elapsedTime);
    log.debug({ request: id, method, route, status: reply.statusCode, ms, address, account: request.account?.id });
  });
}
