/** The cookie that holds a person's session: kept from scripts and from other sites, and from the open network. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { SESSION_LASTS } from '../accounts/sessions.js';

/** Its name; over TLS with the prefix that makes browsers hold it to this host, TLS and the whole of it. */
export const SESSION_COOKIE = 'm2mp_session';
export const SECURE_SESSION_COOKIE = `__Host-${SESSION_COOKIE}`;

/** The text of the session that a request bears. */
export function sessionCookie(request: FastifyRequest): string | undefined {
  return request.cookies[nameFor(request)];
}

export function setSessionCookie(request: FastifyRequest, reply: FastifyReply, text: string): void {
  reply.setCookie(nameFor(request), text, { ...attributes(request), maxAge: Math.floor(SESSION_LASTS / 1_000) });
}

export function clearSessionCookie(request: FastifyRequest, reply: FastifyReply): void {
  reply.clearCookie(nameFor(request), attributes(request));
}

/** Whether TLS was spoken, with us or with a proxy that is trusted. */
function isSecure(request: FastifyRequest): boolean {
  return request.protocol === 'https';
}

function nameFor(request: FastifyRequest): string {
  return isSecure(request) ? SECURE_SESSION_COOKIE : SESSION_COOKIE;
}

function attributes(request: FastifyRequest) {
  return { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure(request) } as const;
}
