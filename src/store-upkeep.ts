/** What is done again and again for a store, and seen of it. */
import type { Clock } from './gateway/clock.js';
import type { Logger } from './observe/log.js';
import type { Metrics } from './observe/metrics.js';
import type { Store } from './store/store.js';

/** How often it is looked after, in milliseconds, and how many expired readings are removed at once. */
const EVERY = 60_000;
const EXPIRE_AT_ONCE = 10_000;

export interface UpkeepParts {
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Removes readings whose time to live is over, and measures what the store takes; returns what ends that. */
export function keepUp(store: Store, { metrics, clock, log }: UpkeepParts): () => Promise<void> {
  let size = { used: 0, free: 0 };
  metrics.gauge('m2mp_store_used_bytes', () => size.used);
  metrics.gauge('m2mp_store_free_bytes', () => size.free);

  async function lookAfter(): Promise<void> {
    try {
      await store.removeExpired(clock.now(), EXPIRE_AT_ONCE);
      size = await store.size();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      log.error({ error: why }, 'the store could not be looked after: expired readings stay for now');
    }
  }

  let underWay = lookAfter();
  const timer = setInterval(() => {
    underWay = underWay.then(lookAfter);
  }, EVERY);
  return () => {
    clearInterval(timer);
    return underWay;
  };
}
