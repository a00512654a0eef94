/** Answers that are streams, whose length nobody knows beforehand: so many at a time and no more. */
import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import type { Clock } from '../gateway/clock.js';
import type { Logger } from '../observe/log.js';
import { isoDate } from './dates.js';
import { Problem } from './problem.js';

/** Exports at the same time at the most: each takes its turns of the event loop, which has devices to serve as well. */
export const MAX_EXPORTS = 8;

export interface ExportAnswer {
  /** What the file is called that it is saved as, before its date. */
  readonly name: string;
  /** The end of its name. */
  readonly format: string;
  readonly contentType: string;
  /** Its text; what the client does not read yet is not asked for yet. */
  readonly pieces: AsyncIterable<string>;
}

export interface Exports {
  /** Begins the answer; throws a `Problem`, 503, where too many are under way. */
  send(reply: FastifyReply, answer: ExportAnswer): FastifyReply;
}

export function createExports({ clock, log }: { readonly clock: Clock; readonly log: Logger }): Exports {
  let underWay = 0;
  return {
    send(reply, { name, format, contentType, pieces }) {
      if (underWay >= MAX_EXPORTS)
        throw new Problem(503, `${MAX_EXPORTS} exports are under way, which is the most; try again when one has ended`);
      underWay++;
      const body = Readable.from(pieces, { objectMode: false });
      body.once('close', () => underWay--);
      body.once('error', (error) => log.warn({ error: error.message, format }, 'an export broke off'));
      const date = isoDate(clock.now()).slice(0, 10);
      reply.type(`${contentType}; charset=utf-8`);
      reply.header('content-disposition', `attachment; filename="${name}-${date}.${format}"`);
      return reply.send(body);
    },
  };
}
