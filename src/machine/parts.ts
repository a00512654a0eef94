/** The threads and processes of one machine's gateway: an API, and the workers that serve devices. */
import type { Config } from '../config/options.js';
import type { Listening } from '../gateway/gateway.js';
import type { Logger } from '../observe/log.js';
import type { Running } from '../serve.js';
import { keepRunning, type PartOptions } from './keep-running.js';
import type { Owner } from './owner.js';
import { type Spawned, spawnProcess, spawnThread } from './spawn.js';

export interface PartsOptions {
  readonly owner: Owner;
  readonly config: Config;
  /** Of the owner on the bus. A part's is made from it, another one each time it is started: what it held is gone. */
  readonly name: string;
  readonly log: Logger;
  readonly program: URL | undefined;
}

export interface Parts {
  /** An API in a thread of its own, so that what it reads keeps no device waiting. */
  startApi(): Promise<{ readonly http: Running['http']; stop(): Promise<void> }>;
  /** As many processes as the configuration says, which share the ports of devices. */
  startWorkers(): Promise<{ readonly listening: readonly Listening[]; stop(): Promise<void> }>;
}

/** Milliseconds that a part may take to stop, besides what its connections may. */
const STOP_MARGIN = 5_000;

export function partsOf({ owner, config, name, log, program }: PartsOptions): Parts {
  const stopWithin = 2 * config['drain-timeout'] * 1_000 + STOP_MARGIN;

  function start(spawn: (program: URL) => Spawned, setup: PartOptions['setup']) {
    if (!program) throw new Error('Invalid start: workers need the program of a part');
    return keepRunning({ owner, spawn: () => spawn(program), setup, stopWithin, log });
  }

  return {
    async startApi() {
      const spawn = (from: URL) =>
        spawnThread(from, (error) => log.error({ error: error.message, stack: error.stack }, 'the API failed'));
      const part = await start(spawn, (time, before) => ({
        part: 'api',
        name: `${name}_api_${time}`,
        // What was any free port is this one from then on.
        config: { ...config, 'http-port': before?.http?.port ?? config['http-port'] },
      }));
      return { http: part.ready.http, stop: part.stop };
    },

    async startWorkers() {
      const workers = await Promise.all(
        Array.from({ length: config.workers }, (_, n) =>
          start(spawnProcess, (time) => ({ part: 'gateway', worker: n + 1, name: `${name}_${n + 1}_${time}`, config })),
        ),
      );
      return {
        listening: workers[0]?.ready.listening ?? [],
        async stop() {
          await Promise.all(workers.map((worker) => worker.stop()));
        },
      };
    },
  };
}
