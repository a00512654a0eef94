import { Type } from 'typebox';
import { storeTrouble } from './durably.js';
import type { Api, ApiParts } from './parts.js';
import { Problem } from './problem.js';
import { publicProblems } from './responses.js';

/** Whether the gateway runs, and whether it can store: asked by supervisors, so without a token. */
export function addHealth(app: Api, { durability }: ApiParts): void {
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
        summary: 'Whether readings and changes can be stored; 503 says why not',
        security: [],
        response: {
          200: Type.Object({ ready: Type.Boolean() }, { examples: [{ ready: true }] }),
          ...publicProblems(503),
        },
      },
    },
    async () => {
      const trouble = storeTrouble(durability);
      if (trouble !== null) throw new Problem(503, trouble);
      return { ready: true };
    },
  );
}
