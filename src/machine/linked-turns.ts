import { Refusal } from '../devices/refusal.js';
import type { Turns } from '../devices/turns.js';
import type { OwnerCalls } from './calls.js';
import { CallFailed, type Peer } from './port.js';

/**
 * Turns that are taken together with the owner and all its other parts. `durable` resolves when all that was written
 * here is: only then the turn ends for the others, who read what is on disk.
 */
export function createLinkedTurns(owner: Peer<OwnerCalls>, durable: () => Promise<void>): Turns {
  return async (key, task) => {
    const number = await owner.ask('takeTurn', key).catch((error: unknown) => {
      if (error instanceof CallFailed && error.errorName === 'Refusal') throw new Refusal('full', error.message);
      throw error;
    });
    try {
      return await task();
    } finally {
      // Whoever asked does not wait for it; an owner that is gone ends this part anyway.
      durable()
        .then(() => owner.ask('endTurn', number))
        .catch(() => {});
    }
  };
}
