import swagger from '@fastify/swagger';
import type { FastifySchema } from 'fastify';
import { version } from '../version.js';
import { SESSION_COOKIE } from './cookie.js';
import type { Api } from './parts.js';
import { ProblemDetails } from './problem.js';

/** The groups of the API's routes, in the order in which they are described. */
const tags = {
  devices: 'Devices that are known',
  settings: 'What devices are told to be like, and what they report',
  commands: 'What devices are told to do',
  readings: 'Dated values of devices',
  sensors: 'Plain sensors, without a device',
  connections: 'Who is connected, and who waits to be admitted',
  firmware: 'Files that devices fetch',
  registry: 'The tree that all but the readings is kept in',
  accounts: 'Who may ask: domains, users, tokens, sessions, and the trail of what they did',
  gateway: 'The gateway itself',
} as const;

export type Tag = keyof typeof tags;

/** Gathers the routes that are added from now on into the description at /api/openapi.json. */
export async function describeApi(app: Api): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'm2mp-gateway',
        version,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
        description:
          'What changes something answers with 2xx only when it is durable. While nothing can be stored it answers ' +
          'with 503 after a short wait. Errors are problem details (RFC 9457). A device is named by its UUID or its ident.',
      },
      tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: ({ schema, url, route }) => ({
      schema: { ...schema, response: described(schema, route.method === 'GET') },
      url,
    }),
    refResolver: { buildLocalReference: (schema, _base, _fragment, i) => String(schema['$id'] ?? `schema-${i}`) },
  });
  app.addSchema(ProblemDetails);
  app.get('/api/openapi.json', { schema: { hide: true } }, async () => app.swagger());
}

const UNCHANGED = { type: 'null', description: 'It is what the tag of If-None-Match stands for' };

/** What succeeds is described by the route's summary where its schema says nothing; what is read may be unchanged. */
function described({ response, summary }: FastifySchema, reads: boolean): unknown {
  if (typeof response !== 'object' || response === null) return response;
  const all = { ...response, ...(reads && { 304: UNCHANGED }) };
  return Object.fromEntries(
    Object.entries(all).map(([status, schema]: [string, object]) => [
      status,
      'description' in schema ? schema : { ...schema, description: summary },
    ]),
  );
}
