/** Requests that last, such as live streams: they end when what they proved themselves with holds no longer. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Account } from '../accounts/account.js';
import type { Credentials } from '../accounts/credentials.js';
import { accountOf } from './auth.js';
import { Problem } from './problem.js';

/** Milliseconds between two looks at each request that is under way. */
export const LOOK_AGAIN_EVERY = 30_000;

/** Breaks requests off whose account is no more, or may something else now. To be called after `requireAccount`. */
export function endRevoked(
  app: FastifyInstance,
  credentials: Pick<Credentials, 'ofToken' | 'ofSession'>,
  every: number = LOOK_AGAIN_EVERY,
): void {
  // As many as there are connections at the most.
  const underWay = new Set<FastifyRequest>();
  app.addHook('onRequest', async (request, reply) => {
    if (request.account.role === null) return;
    underWay.add(request);
    reply.raw.once('close', () => underWay.delete(request));
  });

  async function look(request: FastifyRequest): Promise<void> {
    try {
      if (isSame(await accountOf(credentials, request), request.account)) return;
    } catch (error) {
      // Where the store does not answer, nothing is known to have changed.
      if (!(error instanceof Problem)) return;
    }
    request.raw.socket.destroy();
  }

  const timer = setInterval(() => {
    for (const request of underWay) look(request);
  }, every);
  timer.unref();
  app.addHook('onClose', async () => clearInterval(timer));
}

function isSame(one: Account, other: Account): boolean {
  return (
    one.id === other.id && one.role === other.role && one.domain === other.domain && one.readOnly === other.readOnly
  );
}
