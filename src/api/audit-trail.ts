/** Who did what, and when: each change that was made is kept as a reading of the account, before it is answered. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { User } from '../accounts/users.js';
import type { Durability } from '../ingest/durability.js';
import type { Series } from '../series/series.js';
import { READS } from './origin.js';

/** The type of such readings. */
export const AUDIT_TYPE = '_audit';
/** Members of a body that are kept, and characters of each. */
const MAX_MEMBERS = 20;
const MAX_VALUE = 200;
/** What stores data rather than changes something about it. */
const UNKEPT: ReadonlySet<string> = new Set(['POST /api/devices/:device/readings', 'POST /api/sensors']);
const SECRET = /password|secret|token|^old$/i;

/** The id of the time series that holds what an account did. */
export function trailOf(accountId: string): string {
  return `usr-${accountId}`;
}

/** What is kept of an act, as JSON. */
export interface Act {
  /** Such as `PATCH /api/devices/:device`. */
  readonly action: string;
  /** What was asked, without its query. */
  readonly path: string;
  /** The account's name then. */
  readonly by: string;
  /** Id of the API token that was shown. */
  readonly token?: string;
  readonly address: string;
  /** Of the request, as in the log. */
  readonly request: string;
  /** Members of the body, none that is secret. */
  readonly given: Readonly<Record<string, string | number | boolean | null>>;
  readonly failed?: true;
}

/** Each resolves when it is durable. */
export interface Audit {
  /** Notes what the account of a request did with it. */
  done(request: FastifyRequest): Promise<void>;
  /** Notes that somebody failed to log in as a user. */
  failed(request: FastifyRequest, user: User): Promise<void>;
}

export interface AuditOptions {
  readonly series: Series;
  readonly durability: Durability;
  /** UNIX ms. */
  readonly now: () => number;
}

export function createAudit({ series, durability, now }: AuditOptions): Audit {
  async function keep(accountId: string, act: Act): Promise<void> {
    const reading = { type: AUDIT_TYPE, time: null, data: JSON.stringify(act) };
    await durability.write([series.prepare(trailOf(accountId), reading, now())]);
  }
  return {
    async done(request) {
      const { id, name, token } = request.account;
      if (id !== '') await keep(id, { ...actOf(request, name), ...(token !== null && { token }) });
    },
    failed: (request, { id, name }) => keep(id, { ...actOf(request, name), failed: true }),
  };
}

/** Holds every route of an app that changes something to this rule; to be called before routes are added. */
export function keepTrail(app: FastifyInstance, audit: Audit): void {
  app.addHook('onRoute', (route) => {
    const methods = [route.method].flat();
    if (methods.every((method) => READS.has(method) || UNKEPT.has(`${method} ${route.url}`))) return;
    const { handler } = route;
    route.handler = async function (request, reply) {
      const answer: unknown = await handler.call(this, request, reply);
      await audit.done(request);
      return answer;
    };
  });
}

function actOf(request: FastifyRequest, by: string): Act {
  const { method, url, routeOptions, ip, id, body } = request;
  const path = url.split('?')[0] ?? '';
  return { action: `${method} ${routeOptions.url}`, path, by, address: ip, request: id, given: membersOf(body) };
}

function membersOf(body: unknown): Act['given'] {
  if (typeof body !== 'object' || body === null || Symbol.asyncIterator in body) return {};
  const members = Object.entries(body).slice(0, MAX_MEMBERS);
  return Object.fromEntries(members.map(([name, value]) => [name, SECRET.test(name) ? '…' : brief(value)]));
}

function brief(value: unknown): string | number | boolean | null {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return value;
  if (typeof value !== 'string') return '…';
  return value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value;
}
