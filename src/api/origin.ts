/** Which sites may make a browser ask: a page of another site must not act with the session of who looks at it. */
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** Methods that change nothing. */
export const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Throws status 403 where a request that changes something, or opens a WebSocket, is not known to come from a page of
 * ours: by `Sec-Fetch-Site`, or by `Origin`, one of which all browsers send then.
 */
export function refuseOtherSites(request: FastifyRequest): void {
  const { origin, upgrade } = request.headers;
  if (READS.has(request.method) && upgrade === undefined) return;
  const site = request.headers['sec-fetch-site'];
  if (origin === undefined && site === undefined) throw otherSite('neither Origin nor Sec-Fetch-Site is there');
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw otherSite(`Sec-Fetch-Site is ${site}`);
  if (origin !== undefined && !isOwn(origin, request.host)) throw otherSite(`Origin is ${origin}`);
}

function isOwn(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

function otherSite(why: string): Problem {
  return new Problem(403, `a session takes requests of the gateway's own pages alone: ${why.slice(0, 100)}`, {
    field: 'Origin',
    takes: 'the address of the gateway itself; other sites and programs bear a token',
  });
}
