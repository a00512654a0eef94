import { type Static, Type } from 'typebox';
import type { HeldConnection } from '../devices/presence.js';
import { DateGiven, isoDate } from './dates.js';
import { deviceOf } from './find-device.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound, Problem } from './problem.js';
import { problems } from './responses.js';

const ConnectionGiven = Type.Object(
  {
    id: Type.String(),
    gateway: Type.String({ description: 'the name of the gateway that holds it' }),
    protocol: Type.String(),
    source: Type.String({ description: 'address:port of the device' }),
    opened: DateGiven,
    device: Type.String({ format: 'uuid' }),
    ident: Type.String(),
  },
  {
    $id: 'Connection',
    examples: [
      {
        id: '0a7.12.m2mp_host1_4711',
        gateway: 'm2mp_host1_4711',
        protocol: 'm2mp',
        source: '192.0.2.7:51000',
        opened: '2026-11-20T12:30:00.000Z',
        device: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3',
        ident: 'imei:490154203237518',
      },
    ],
  },
);
export type ConnectionGiven = Static<typeof ConnectionGiven>;

export const ConnectionsPage = Type.Object({ connections: Type.Array(ConnectionGiven), next: Next });
export type ConnectionsPage = Static<typeof ConnectionsPage>;

/** Connections of identified devices, whichever gateway holds them. */
export function addConnections(app: Api, parts: ApiParts): void {
  const { bus, clock, presence, scope } = parts;
  const tags = ['connections'];

  app.get(
    '/api/connections',
    {
      schema: {
        tags,
        summary: 'Connections of identified devices on all gateways, those of one device together',
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
    async ({ account, query: { limit = DEFAULT_PAGE, cursor = '', device } }) => {
      if (!CURSOR.test(cursor)) throw badField('cursor', cursor, 'next of the page before');
      const of = device === undefined ? null : (await deviceOf(parts, account, device)).id;
      const all = of === null ? presence.all(cursor) : await presence.of(of);
      const page: HeldConnection[] = [];
      for await (const connection of all) {
        if (connection.position <= cursor) continue;
        if (!(await scope.sees(account, connection.deviceId))) continue;
        if (page.length === limit) return { connections: page.map(given), next: page.at(-1)?.position ?? null };
        page.push(connection);
      }
      return { connections: page.map(given), next: null };
    },
  );

  app.delete(
    '/api/connections/:id',
    {
      schema: {
        tags,
        summary: 'Close a connection; what is durable is still answered on it, and the device may call again',
        params: Type.Object({ id: Type.String({ minLength: 1, maxLength: 255, description: 'as it is listed' }) }),
        response: { 204: Type.Null({ description: 'Its gateway is told to close it' }), ...problems(400, 404, 503) },
      },
    },
    async ({ account, params: { id } }, reply) => {
      const connection = await presence.find(id);
      if (!connection || !(await scope.sees(account, connection.deviceId))) throw notFound('id', id, 'connection');
      const { gateway, number, deviceId } = connection;
      const isTold = bus.publish('receivers', {
        _to: `receivers/${gateway};connection_id=${number};device_id=${deviceId}`,
        _from: 'api',
        _call: 'disconnect',
        _time: clock.now() / 1_000,
      });
      if (!isTold) throw new Problem(503, 'the gateway that holds the connection cannot be told at the moment');
      reply.code(204);
      return null;
    },
  );
}

/** Where a page ends: part, device and gateway, number. */
const CURSOR = /^$|^[0-9a-f]{3}\/[^/]+\/.+\/\d+$/;

function given({ id, gateway, protocol, source, opened, deviceId, ident }: HeldConnection): ConnectionGiven {
  return { id, gateway, protocol, source, opened: isoDate(opened), device: deviceId, ident };
}
