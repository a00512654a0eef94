/**
 * Collects garbage while nothing is going on. V8 does so when something is allocated, so that a gateway with thousands
 * of silent devices would hold on to what they left when they all connected: more than they take themselves.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Milliseconds between two looks, in which the gateway counts as quiet when less than `QUIET_BYTES` were received. */
const LOOK_EVERY = 5_000;
const QUIET_BYTES = 65_536;
/** Bytes by which the heap has to have grown since the last collection: a smaller gain is not worth the pause. */
const WORTH = 8 * 1_024 * 1_024;
/** Collections in a row: pages are given back some at a time. */
const COLLECTIONS = 3;

/** `received` gives the bytes received so far. Returns what ends it. */
export function collectWhenQuiet(received: () => number): () => void {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  let before = received();
  let afterLast = 0;
  let left = 0;
  const looking = setInterval(() => {
    const quiet = received() - before < QUIET_BYTES;
    before = received();
    if (getHeapStatistics().used_heap_size - afterLast >= WORTH) left = COLLECTIONS;
    if (!quiet || left === 0) return;
    left--;
    collect();
    afterLast = getHeapStatistics().used_heap_size;
  }, LOOK_EVERY);
  looking.unref();
  return () => clearInterval(looking);
}
