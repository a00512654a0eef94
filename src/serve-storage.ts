/** Puts a storage worker together: it stores what is asked for on the bus, and serves no devices. */
import { mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { openBus } from './bus/open.js';
import type { Config } from './config/options.js';
import { openCore } from './core.js';
import { createTurns } from './devices/turns.js';
import { systemClock } from './gateway/clock.js';
import type { Logger } from './observe/log.js';
import { startStorage } from './storage/worker.js';
import { openStore } from './store/open.js';
import { storeOptions } from './store-options.js';

export interface StorageRunning {
  /** Readings stored, and messages that never can be. */
  readonly counts: { stored: number; failed: number };
  /** Lets what is under way become durable, and closes. */
  stop(): Promise<void>;
}

export interface ServeStorageOptions {
  readonly log: Logger;
  /** Called when the store failed: the process must end, and what is under way comes again. */
  readonly onFailure: (error: Error) => void;
}

/** Starts a storage worker; rejects with a message for the operator when the data cannot be had. */
export async function serveStorage(config: Config, { log, onFailure }: ServeStorageOptions): Promise<StorageRunning> {
  if (config.store === 'lmdb') await mkdir(config.data, { recursive: true });
  const raw = await openStore(
    storeOptions(config, (id, period) => log.warn({ id, period }, 'a partition nears 100 MB: set "period: day"')),
  );
  const name = `m2mp_storage_${hostname()}_${process.pid}`;
  const counts = { stored: 0, failed: 0 };
  try {
    const { nsqd, nsqlookupd } = config;
    const own = { name, now: Date.now, random: Math.random };
    const onTrouble = (why: string, message: unknown) => log.warn({ message }, why);
    const bus = await openBus({ bus: 'nsq', nsqd, nsqlookupd, ...own, onTrouble });
    const { durability, series } = openCore(config, {
      raw,
      bus,
      log,
      clock: systemClock,
      name,
      turns: createTurns(),
      patience: 0,
      onRoom: () => {},
      onTrouble: () => {},
      onFailure,
    });
    startStorage({
      bus,
      series,
      durability,
      address: `storage/${name}`,
      now: Date.now,
      onStored() {
        counts.stored++;
      },
      onFailed(why) {
        counts.failed++;
        log.warn({ why }, 'a message cannot be stored: it goes to storage_failed');
      },
    });
    return {
      counts,
      async stop() {
        await bus.close();
        // What a store that is away did not take is not finished on the bus: it comes again.
        await Promise.race([durability.drain(), after(config['drain-timeout'] * 1_000)]);
        await raw.close();
      },
    };
  } catch (error) {
    await raw.close();
    throw error;
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
