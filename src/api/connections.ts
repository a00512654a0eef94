import { type Static, Type } from 'typebox';
import type { Connection } from '../gateway/connection.js';
import { DateGiven, isoDate } from './dates.js';
import { deviceOf } from './find-device.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound } from './problem.js';
import { problems } from './responses.js';

const ConnectionGiven = Type.Object(
  {
    id: Type.Integer(),
    protocol: Type.String(),
    source: Type.String({ description: 'address:port of the device' }),
    opened: DateGiven,
    received: Type.String({ format: 'date-time', description: 'when its last bytes came' }),
    device: Type.Union([Type.String({ format: 'uuid' }), Type.Null()], { description: 'null: not identified yet' }),
    ident: Type.Union([Type.String(), Type.Null()]),
    paused: Type.Boolean({ description: 'whether its socket is not read at the moment' }),
  },
  {
    $id: 'Connection',
    examples: [
      {
        id: 12,
        protocol: 'm2mp',
        source: '192.0.2.7:51000',
        opened: '2026-11-20T12:30:00.000Z',
        received: '2026-11-20T12:31:00.000Z',
        device: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3',
        ident: 'imei:490154203237518',
        paused: false,
      },
    ],
  },
);
export type ConnectionGiven = Static<typeof ConnectionGiven>;

export const ConnectionsPage = Type.Object({ connections: Type.Array(ConnectionGiven), next: Next });
export type ConnectionsPage = Static<typeof ConnectionsPage>;

/** Connections that this gateway holds. */
export function addConnections(app: Api, parts: ApiParts): void {
  const { presence, scope } = parts;
  const tags = ['connections'];

  app.get(
    '/api/connections',
    {
      schema: {
        tags,
        summary: 'Open connections, the oldest first',
        querystring: Type.Object(
          {
            ...pageQuery,
            device: Type.Optional(
              Type.String({ minLength: 1, maxLength: 255, description: 'the UUID or the ident of a device' }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: ConnectionsPage, ...problems(400, 404) },
      },
    },
    async ({ account, query: { limit = DEFAULT_PAGE, cursor = '0', device } }) => {
      const after = Number(cursor);
      if (!Number.isSafeInteger(after)) throw badField('cursor', cursor, 'next of the page before');
      const all = device === undefined ? presence.all() : presence.of((await deviceOf(parts, account, device)).id);
      const page: ConnectionGiven[] = [];
      for (const connection of all) {
        if (connection.id <= after) continue;
        if (!(await scope.sees(account, connection.device?.id ?? null))) continue;
        if (page.length === limit) return { connections: page, next: String(page.at(-1)?.id) };
        page.push(given(connection));
      }
      return { connections: page, next: null };
    },
  );

  app.delete(
    '/api/connections/:id',
    {
      schema: {
        tags,
        summary: 'Close a connection; what is durable is still answered on it, and the device may call again',
        params: Type.Object({ id: Type.Integer({ minimum: 1, description: 'the number of a connection, from 1' }) }),
        response: { 204: Type.Null({ description: 'It is being closed' }), ...problems(400, 404, 503) },
      },
    },
    async ({ account, params: { id } }, reply) => {
      const connection = presence.get(id);
      if (!connection || !(await scope.sees(account, connection.device?.id ?? null)))
        throw notFound('id', String(id), 'connection');
      connection.close('disconnected by the operator');
      reply.code(204);
      return null;
    },
  );
}

function given(connection: Connection): ConnectionGiven {
  const { id, protocol, source, openedAt, lastReceived, device, paused } = connection;
  return {
    id,
    protocol: protocol.name,
    source,
    opened: isoDate(openedAt),
    received: isoDate(lastReceived),
    device: device?.id ?? null,
    ident: device?.ident ?? null,
    paused,
  };
}
