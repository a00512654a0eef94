import { type Static, Type } from 'typebox';
import type { Edit } from '../registry/registry.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound } from './problem.js';
import { problems } from './responses.js';

/** Values in one request at the most, and characters of one. */
const MAX_VALUES = 1_000;
const MAX_VALUE = 1 << 20;

const path = Type.String({
  pattern: '^/(.*/)?$',
  maxLength: 1_024,
  description: 'a path such as /device/by-ident/, with a slash at both ends and names percent-encoded',
});

export const NodeGiven = Type.Object(
  {
    path: Type.String(),
    status: Type.Enum(['created', 'deleted']),
    values: Type.Record(Type.String(), Type.String()),
    children: Type.Array(Type.String(), { description: 'names as they stand in paths, in the order of their bytes' }),
    next: Next,
  },
  {
    $id: 'Node',
    examples: [
      {
        path: '/device/by-ident/imei:490154203237518/',
        status: 'created',
        values: { id: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3' },
        children: [],
        next: null,
      },
    ],
  },
);
export type NodeGiven = Static<typeof NodeGiven>;

/** The tree that all but the readings is kept in. What is changed here is changed behind the back of the others. */
export function addRegistry(app: Api, { registry }: ApiParts): void {
  const tags = ['registry'];
  const url = '/api/registry';

  app.get(
    url,
    {
      schema: {
        tags,
        summary: 'A node: its values and the names of the nodes below it, in pages',
        querystring: Type.Object({ path, ...pageQuery }, { additionalProperties: false }),
        response: { 200: NodeGiven, ...problems(400, 404) },
      },
    },
    async ({ query }) => {
      const { limit = DEFAULT_PAGE, cursor } = query;
      const [node, children] = await Promise.all([
        registry.getAny(query.path),
        registry.children(query.path, { limit: limit + 1, ...(cursor !== undefined && { after: cursor }) }),
      ]);
      if (!node && children.length === 0 && query.path !== '/') throw notFound('path', query.path, 'node');
      const page = children.slice(0, limit);
      const status: NodeGiven['status'] = node?.deleted ? 'deleted' : 'created';
      return {
        path: query.path,
        status,
        values: Object.fromEntries([...(node?.values ?? [])].filter(([name]) => !isSecret(query.path, name))),
        children: page,
        next: children.length > limit ? (page.at(-1) ?? null) : null,
      };
    },
  );

  app.put(
    url,
    {
      schema: {
        tags,
        summary: 'Set values of a node, null takes one away; the node, and those above it, are made where missing',
        body: Type.Object(
          {
            path,
            values: Type.Record(
              Type.String(),
              Type.Union([Type.String({ maxLength: MAX_VALUE }), Type.Null()], {
                description: 'text, or null: no value',
              }),
              { maxProperties: MAX_VALUES, description: `an object with at most ${MAX_VALUES} values, text or null` },
            ),
          },
          { additionalProperties: false, examples: [{ path: '/notes/', values: { owner: 'workshop', old: null } }] },
        ),
        response: { 200: Type.Object({ path: Type.String() }), ...problems(400, 413, 415, 503) },
      },
    },
    async ({ body }) => {
      const entries = Object.entries(body.values);
      const set = entries.filter((entry): entry is [string, string] => entry[1] !== null);
      const unset = entries.filter(([, value]) => value === null).map(([name]) => name);
      const edits: Edit[] = [{ edit: 'set', path: body.path, values: Object.fromEntries(set) }];
      if (unset.length > 0) edits.push({ edit: 'unset', path: body.path, names: unset });
      await registry.edit(edits);
      return { path: body.path };
    },
  );

  app.delete(
    url,
    {
      schema: {
        tags,
        summary: 'Mark a node and all below it as deleted, or with forReal=true remove them for good',
        querystring: Type.Object(
          { path, forReal: Type.Optional(Type.Boolean({ description: 'true: removed for good' })) },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null({ description: 'It is deleted' }), ...problems(400, 404, 503) },
      },
    },
    async ({ query }, reply) => {
      if (query.path === '/') throw badField('path', '/', 'any other node: the root cannot be deleted');
      if (!(await registry.getAny(query.path))) throw notFound('path', query.path, 'node');
      if (query.forReal) await registry.remove(query.path);
      else await registry.delete(query.path);
      reply.code(204);
      return null;
    },
  );
}

/** What is not shown even to who may see all else: the hash of a user's password, since a weak one can be guessed from it. */
function isSecret(at: string, name: string): boolean {
  return at.startsWith('/user/') && name === 'password';
}
