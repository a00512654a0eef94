import { Type } from 'typebox';
import type { Api, ApiParts } from './parts.js';
import { problems } from './responses.js';

export function addMetrics(app: Api, { metrics: { registry } }: ApiParts): void {
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['gateway'],
        summary: 'Metrics in the text format of Prometheus',
        produces: ['text/plain'],
        response: {
          200: Type.String({ examples: ['# HELP m2mp_connections Open connections\n'] }),
          ...problems(),
        },
      },
    },
    async (_, reply) => reply.type(registry.contentType).send(await registry.metrics()),
  );
}
