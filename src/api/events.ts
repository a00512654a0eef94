/** What happens, as it happens: readings that became durable, and connections, as server-sent events or by WebSocket. */
import type { FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { type Account, sees } from '../accounts/account.js';
import type { Filter } from '../live/events.js';
import { createHub } from '../live/hub.js';
import { type Position, parsePosition } from '../live/position.js';
import { LOOK_BACK, storedSince } from '../live/stored-since.js';
import { createStream, MAX_UNSENT } from '../live/stream.js';
import { accountOf } from './auth.js';
import { type ClosableOutlet, sseOutlet, webSocketOutlet } from './event-outlets.js';
import { DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound, Problem } from './problem.js';
import { MAX_DEVICES } from './reading-queries.js';
import { MAX_TYPES, ReadingType } from './reading-query.js';
import { problems } from './responses.js';

/** Streams at the most. */
export const MAX_STREAMS = 100;
/** Milliseconds between two signs of life, and looks whether the account may still see this. */
const HEARTBEAT = 15_000;

const EventsQuery = Type.Object(
  {
    device: Type.Optional(
      Type.Array(DeviceParams.properties.device, {
        maxItems: MAX_DEVICES,
        description: `UUIDs or idents of devices, the parameter once for each of at most ${MAX_DEVICES}: what concerns them alone`,
      }),
    ),
    type: Type.Optional(
      Type.Array(ReadingType, {
        maxItems: MAX_TYPES,
        description: `types of readings such as sen:loc, the parameter once for each of at most ${MAX_TYPES}: these alone, and no connections`,
      }),
    ),
    domain: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 255 },
        description: 'the UUID or name of a domain: what concerns its devices alone',
      }),
    ),
    after: Type.Optional(
      Type.String({
        ...{ minLength: 1, maxLength: 64 },
        description: 'id of the last event that came before, as in the header Last-Event-ID, which wins',
      }),
    ),
  },
  { additionalProperties: false },
);

/** What a client asked for. */
interface Asked {
  /** The account, held to the domain that was asked for. */
  readonly account: Account;
  readonly filter: Filter;
  readonly from: Position | null;
}

export function addEvents(app: Api, parts: ApiParts): void {
  const { clock, domains, scope, credentials } = parts;
  const hub = createHub({ bus: parts.bus, random: Math.random });
  const streams = new Map<ClosableOutlet, () => void>();
  const askedBy = new WeakMap<FastifyRequest, Asked>();

  app.route<{ Querystring: Static<typeof EventsQuery> }>({
    method: 'GET',
    url: '/api/events',
    schema: {
      tags: ['gateway'],
      summary: 'Live readings and connections, as server-sent events, or by WebSocket',
      description:
        'Events: reading {device, ident, time, type, data, id}; connected, identified, disconnected {device?, ' +
        'connection, protocol, source, host, time}; end {why}, the last one. By WebSocket each is a message {event, id?, ' +
        'data}. Each has an id: who comes again with it in Last-Event-ID, or as after, gets what arrived meanwhile, ' +
        'readings from the store too, then resumed {after, count}. Readings can come twice; their id tells. Of those ' +
        `that arrived while the gateway was away, the ones dated over ${LOOK_BACK / 3_600_000} hours before are left ` +
        `to queries. A client that leaves ${MAX_UNSENT} bytes unread gets no more until it has read them, and then ` +
        'missed {count, after, why}: events after that id can be had by coming again with it.',
      produces: ['text/event-stream'],
      querystring: EventsQuery,
      response: {
        200: Type.String({
          examples: ['id: 1795176000000-17-k3x9a2\nevent: identified\ndata: {"device":"6d3c3aa8-9f83-5a2f"}\n\n'],
        }),
        ...problems(400, 404, 503),
      },
    },
    preHandler: async (request) => {
      askedBy.set(request, await asked(request.account, request.query, request.headers['last-event-id']));
      if (streams.size >= MAX_STREAMS)
        throw new Problem(503, `${MAX_STREAMS} event streams are open, which is the most; end another one`);
    },
    handler(request, reply) {
      reply.hijack();
      open(request, sseOutlet(reply.raw));
    },
    wsHandler: (socket, request) => open(request, webSocketOutlet(socket)),
  });

  app.addHook('preClose', async () => {
    for (const end of streams.values()) end();
    hub.close();
  });

  async function asked(account: Account, query: Static<typeof EventsQuery>, header: unknown): Promise<Asked> {
    const { device, type, domain: named, after = null } = query;
    const domain = named === undefined ? undefined : await domains.find(named);
    if (named !== undefined && (!domain || !sees(account, { domain: domain.id })))
      throw notFound('domain', named, 'domain');
    const own = domain ? { ...account, domain: domain.id } : account;
    const devices = device && (await Promise.all(device.map((one) => deviceOf(parts, own, one))));
    const id = typeof header === 'string' && header !== '' ? header : after;
    const from = id === null ? null : parsePosition(id);
    if (from === undefined) throw badField(id === after ? 'after' : 'Last-Event-ID', id, 'the id of an event');
    return {
      account: own,
      filter: {
        devices: devices ? new Set(devices.map((one) => one.id)) : null,
        types: type && type.length > 0 ? new Set(type) : null,
      },
      from,
    };
  }

  function open(request: FastifyRequest, outlet: ClosableOutlet): void {
    const { account, filter, from } = askedBy.get(request) ?? { account: request.account, filter: NOTHING, from: null };
    const { domain } = account;
    const stream = createStream({
      hub,
      outlet,
      filter,
      sees: (deviceId) => scope.sees(account, deviceId),
      stored: (since) => storedSince(parts, { ...filter, since, domain }),
      now: clock.now,
    });
    const end = (why: string) => {
      stream.stop();
      clearInterval(heartbeat);
      outlet.end({ event: 'end', data: { why } });
    };
    const heartbeat = setInterval(() => {
      outlet.alive();
      accountOf(credentials, request).catch((error) => {
        if (error instanceof Problem) end('the account may see this no longer');
      });
    }, HEARTBEAT);
    streams.set(outlet, () => end('the gateway stops'));
    outlet.onClosed(() => {
      clearInterval(heartbeat);
      stream.stop();
      streams.delete(outlet);
    });
    stream.start(from);
  }
}

const NOTHING: Filter = { devices: new Set(), types: null };
