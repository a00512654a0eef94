/** Starts a part, and starts it again whenever it ended by itself. */
import type { Logger } from '../observe/log.js';
import type { PartCalls, PartReady, PartSetup } from './calls.js';
import type { Owner } from './owner.js';
import type { Peer } from './port.js';
import type { Spawned } from './spawn.js';

/** Milliseconds after which a part that ended, or could not start again, is started again. */
export const RESTART_AFTER = 1_000;

export interface PartOptions {
  readonly owner: Owner;
  readonly spawn: () => Spawned;
  /** How it is started for the `time`th time, from 1, and what it said when it was first. */
  readonly setup: (time: number, before: PartReady | null) => PartSetup;
  /** Milliseconds it may take to stop before it is killed. */
  readonly stopWithin: number;
  readonly log: Logger;
}

export interface RunningPart {
  /** What it said when it was first started. */
  readonly ready: PartReady;
  stop(): Promise<void>;
}

/** Resolves when the part is ready; rejects with its own message when it cannot start. */
export async function keepRunning({ owner, spawn, setup, stopWithin, log }: PartOptions): Promise<RunningPart> {
  let stopping = false;
  let restart: NodeJS.Timeout | undefined;
  let current: Current | null = null;
  let times = 0;

  function start(before: PartReady | null): Promise<PartReady> {
    return new Promise((resolve, reject) => {
      const spawned = spawn();
      owner.attach(spawned.port, {
        async hello(peer) {
          try {
            const ready = await peer.ask('start', setup(++times, before));
            current = { peer, spawned };
            resolve(ready);
          } catch (error) {
            spawned.kill();
            reject(error);
          }
        },
        closed() {
          reject(new Error('It ended before it was ready'));
          if (current?.spawned !== spawned) return;
          current = null;
          if (!stopping) startAgain();
        },
      });
    });
  }

  function startAgain(): void {
    log.error({ part: setup(times, ready).name }, 'a part of this gateway ended by itself: it is started again');
    restart = setTimeout(() => {
      start(ready).catch((error: Error) => {
        log.error({ error: error.message }, 'a part of this gateway does not start');
        if (!stopping) startAgain();
      });
    }, RESTART_AFTER);
  }

  const ready = await start(null);
  return {
    ready,
    async stop() {
      stopping = true;
      clearTimeout(restart);
      if (!current) return;
      const { peer, spawned } = current;
      const late = setTimeout(() => spawned.kill(), stopWithin);
      await peer.ask('stop', null).catch(() => {});
      clearTimeout(late);
      spawned.kill();
    },
  };
}

/** A part that is ready. */
interface Current {
  readonly peer: Peer<PartCalls>;
  readonly spawned: Spawned;
}
