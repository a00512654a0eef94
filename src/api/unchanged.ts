/** Answers that the client has already: what did not change since is told so, and not sent again (RFC 9110, 8.8.3). */
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

/** Gives every page and thing that is asked for a tag by its content; streams have none. */
export function tellUnchanged(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return payload;
    // Weak: the same content may be sent compressed, in other bytes.
    const tag = `W/"${createHash('sha1').update(payload).digest('base64url')}"`;
    reply.header('etag', tag);
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'private, no-cache');
    if (!isAmong(tag, request.headers['if-none-match'])) return payload;
    reply.code(304).removeHeader('content-type').removeHeader('content-length');
    return null;
  });
}

function isAmong(tag: string, given: string | undefined): boolean {
  if (given === undefined) return false;
  const opaque = (one: string) => one.trim().replace(/^W\//, '');
  return given.trim() === '*' || given.split(',').some((one) => opaque(one) === opaque(tag));
}
