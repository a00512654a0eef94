/** Other sites whose pages may ask the API, with a token: sessions are for our own pages (origin.ts). */
import type { FastifyInstance } from 'fastify';

/** Seconds for which a browser remembers what it was allowed. */
const MAX_AGE = '600';

/** Tells browsers that pages of these origins may ask; to be called before what refuses requests. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  const allowed = new Set(origins);
  app.addHook('onRequest', async (request, reply) => {
    reply.header('vary', 'Origin');
    const { origin } = request.headers;
    if (origin === undefined || !allowed.has(origin)) return;
    reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', 'ETag, X-Request-Id');
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return;
    return reply
      .header('access-control-allow-methods', 'GET, POST, PUT, PATCH, DELETE')
      .header('access-control-allow-headers', 'Authorization, Content-Type, If-None-Match, Last-Event-ID')
      .header('access-control-max-age', MAX_AGE)
      .code(204)
      .send();
  });
}
