import { Type } from 'typebox';
import { storeTrouble } from './durably.js';
import type { Api, ApiParts } from './parts.js';
import { Problem } from './problem.js';
import { publicProblems } from './responses.js';

/** Whether the gateway runs, and whether it can store: asked by supervisors, so without a token. */
export function addHealth(app: Api, parts: ApiParts): void {
  app.get(
    '/health/live',
    {
      schema: {
        tags: ['gateway'],
        summary: 'Whether the process answers',
        security: [],
        response: { 200: Type.Object({ live: Type.Boolean() }, { examples: [{ live: true }] }), ...publicProblems() },
      },
    },
    async () => ({ live: true }),
  );

  app.get(
    '/health/ready',
    {
      schema: {
        tags: ['gateway'],
        summary: 'Whether readings can be stored, and whether they wait in the spool; 503 says why not',
        security: [],
        response: {
          200: Type.Object(
            {
              ready: Type.Boolean(),
              spooling: Type.Union([Type.String(), Type.Null()], {
                description: 'why readings wait on the disk of this gateway for the store; nothing else is stored then',
              }),
            },
            { examples: [{ ready: true, spooling: null }] },
          ),
          ...publicProblems(503),
        },
      },
    },
    async () => {
      const trouble = storeTrouble(parts.durability);
      const spooling = await parts.spooling();
      if (trouble !== null) throw new Problem(503, spooling === null ? trouble : `${trouble}; ${spooling}`);
      return { ready: true, spooling };
    },
  );
}
