/** The worker of the topic `storage`: a message is done with when what it asks for is durable. */
import type { Bus, Message } from '../bus/bus.js';
import type { Durability } from '../ingest/durability.js';
import { type Series, SeriesError } from '../series/series.js';
import { parseStoreTs } from './store-ts.js';

export const STORAGE_TOPIC = 'storage';
/** Of all workers: each message is for one of them. */
export const STORAGE_CHANNEL = 'shared';
/** Where messages end that can never be stored: `why`, and the `message` itself or its text. */
export const FAILED_TOPIC = 'storage_failed';

/** Characters of such a message, above which its text is cut: it must fit a message itself. */
export const MAX_SHOWN = 100_000;

export interface StorageParts {
  readonly bus: Bus;
  readonly series: Series;
  readonly durability: Durability;
  /** Who answers, for messages on the topic `storage_failed`. */
  readonly address: string;
  /** UNIX ms. */
  readonly now: () => number;
  /** Told of each message that is stored, and of each that cannot be. */
  readonly onStored?: () => void;
  readonly onFailed?: (why: string) => void;
}

/** Starts to store what is asked for on the bus; returns what ends that. */
export function startStorage(parts: StorageParts): () => void {
  const { bus, series, durability, onStored = () => {}, onFailed = () => {} } = parts;

  async function store(message: Message): Promise<void> {
    const call = parseStoreTs(message);
    if (typeof call === 'string') return fail(call, message);
    const prepared = prepare(call.key, call.reading);
    if (typeof prepared === 'string') return fail(prepared, message);
    await durability.write([prepared]);
    onStored();
  }

  function prepare(key: string, reading: Parameters<Series['prepare']>[1]): ReturnType<Series['prepare']> | string {
    try {
      return series.prepare(key, reading, parts.now());
    } catch (error) {
      if (error instanceof SeriesError) return error.message;
      throw error;
    }
  }

  async function fail(why: string, given: Message | string): Promise<void> {
    onFailed(why);
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const message = text.length <= MAX_SHOWN ? given : text.slice(0, MAX_SHOWN);
    await bus.send(FAILED_TOPIC, {
      _to: FAILED_TOPIC,
      _from: parts.address,
      _call: 'store_failed',
      _time: parts.now() / 1_000,
      why,
      message,
    });
  }

  return bus.subscribe(STORAGE_TOPIC, STORAGE_CHANNEL, store, {
    shared: true,
    onMalformed: (text, why) => fail(`Malformed message: ${why}`, text),
  });
}
