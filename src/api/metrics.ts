import { Type } from 'typebox';
import type { Api, ApiParts } from './parts.js';
import { problems } from './responses.js';

/** The content type of the text format. */
const TEXT_FORMAT = 'text/plain; version=0.0.4; charset=utf-8';

export function addMetrics(app: Api, { metricsText }: ApiParts): void {
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
    async (_, reply) => reply.type(TEXT_FORMAT).send(await metricsText()),
  );
}
