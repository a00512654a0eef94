/**
 * What changes something answers only when it is durable. While nothing can be stored it is refused with 503 after a
 * short wait; nothing of it was begun then.
 */
import type { FastifyInstance } from 'fastify';
import type { Durability } from '../ingest/durability.js';
import { UPLOAD_TIMEOUT } from './bodies.js';
import { Problem } from './problem.js';

/** Milliseconds that a change waits for the store to take writes again before it is begun. */
export const WAIT_FOR_ROOM = 2_000;
/** Milliseconds that a change may take to become durable. */
export const WAIT_FOR_DURABLE = 10_000;
/** How often the store is looked at meanwhile, in milliseconds. */
const LOOK_EVERY = 50;

const CHANGES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** Holds every route of an app that changes something to this rule; to be called before routes are added. */
export function answerWhenDurable(app: FastifyInstance, durability: Durability): void {
  app.addHook('preHandler', async (request) => {
    if (CHANGES.has(request.method)) await room(durability);
  });
  app.addHook('onRoute', (route) => {
    if (![route.method].flat().some((method) => CHANGES.has(method))) return;
    const { handler } = route;
    const within = route.config?.upload ? UPLOAD_TIMEOUT : WAIT_FOR_DURABLE;
    route.handler = function (request, reply) {
      return inTime(durability, within, Promise.resolve(handler.call(this, request, reply)));
    };
  });
}

/** Why nothing can be stored at the moment, or null. */
export function storeTrouble(durability: Durability): string | null {
  if (durability.trouble !== null) return durability.trouble;
  return durability.full ? `the queue of the store is full: ${durability.queuedWrites} writes wait` : null;
}

/** Why nothing can be changed at the moment, or null: readings may still be taken, into the spool. */
function changeTrouble(durability: Durability): string | null {
  return durability.changesTrouble ?? storeTrouble(durability);
}

async function room(durability: Durability): Promise<void> {
  for (let waited = 0; changeTrouble(durability) !== null; waited += LOOK_EVERY) {
    if (waited >= WAIT_FOR_ROOM)
      throw new Problem(
        503,
        `nothing can be stored at the moment, and nothing was changed: ${changeTrouble(durability)}`,
      );
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

async function inTime<T>(durability: Durability, within: number, change: Promise<T>): Promise<T> {
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    deadline = setTimeout(() => {
      const why = changeTrouble(durability) ?? `not durable after ${within / 1_000} s`;
      reject(new Problem(503, `what was asked is not known to be durable, and may become so later: ${why}`));
    }, within);
  });
  try {
    return await Promise.race([change, late]);
  } finally {
    clearTimeout(deadline);
  }
}
