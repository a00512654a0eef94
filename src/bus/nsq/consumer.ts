/** One channel of a topic, over all nsqd that have it: messages under way are touched, and those that fail come again. */
import type nsqjs from 'nsqjs';
import { formatServer, type ServerAddress } from './address.js';
import type { Discovery } from './discovery.js';
import { openReader, type ReconnectingReader } from './reader.js';

/** Messages under way at a time, of each nsqd. */
export const MAX_IN_FLIGHT = 200;
/**
 * Milliseconds after which nsqd gives a message that was not touched to somebody else: so long those wait that a killed
 * process had under way.
 */
export const MESSAGE_TIMEOUT = 15_000;
/** A message that failed comes again a little later, from this try on after the long delay, in milliseconds. */
export const MAX_QUICK_TRIES = 10;
export const LATE_DELAY = 60_000;
/** Milliseconds in which the last answers leave before a connection is closed. */
const LAST_ANSWERS = 50;

export interface Consumer {
  /** Takes nothing new, waits for what is under way, for so many milliseconds at the most, gives the rest back. */
  close(milliseconds: number): Promise<void>;
}

export interface ConsumerOptions {
  readonly topic: string;
  readonly channel: string;
  /** Listened to whether they have the topic or not. */
  readonly servers: readonly ServerAddress[];
  readonly discovery: Discovery;
  readonly maxInFlight: number;
  readonly messageTimeout: number;
  /** Milliseconds after which a message that failed comes again. */
  readonly againAfter: number;
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
  /** When it rejects, the message comes again. */
  readonly handle: (body: Buffer) => Promise<void>;
  readonly onReady: () => void;
  readonly onTrouble: (why: string) => void;
}

export function openConsumer(options: ConsumerOptions): Consumer {
  const { topic, channel, servers, discovery, maxInFlight, messageTimeout, random, onReady, onTrouble } = options;
  const readers = new Map<string, ReconnectingReader>();
  const underWay = new Set<nsqjs.NsqMessage>();
  let settled: (() => void) | null = null;
  let closing = false;

  function listenTo(found: readonly ServerAddress[]): void {
    if (closing) return;
    const wanted = new Map([...servers, ...found].map((server) => [formatServer(server), server]));
    for (const [name, reader] of readers) {
      if (wanted.has(name)) continue;
      readers.delete(name);
      reader.close();
    }
    for (const [name, server] of wanted) {
      if (readers.has(name)) continue;
      const onMessage = (message: nsqjs.NsqMessage) => void take(message);
      const connection = { server, topic, channel, maxInFlight, messageTimeout, random };
      readers.set(name, openReader({ ...connection, onMessage, onReady, onTrouble }));
    }
  }

  async function take(message: nsqjs.NsqMessage): Promise<void> {
    if (closing) {
      giveBack(message);
      return;
    }
    underWay.add(message);
    try {
      await options.handle(message.body);
      message.finish();
    } catch {
      message.requeue(message.attempts < MAX_QUICK_TRIES ? options.againAfter : LATE_DELAY, false);
    }
    underWay.delete(message);
    if (underWay.size === 0) settled?.();
  }

  const touching = setInterval(() => {
    for (const message of underWay) message.touch();
  }, messageTimeout / 3);
  listenTo([]);
  const unfollow = discovery.follow(topic, listenTo);

  return {
    async close(milliseconds) {
      if (closing) return;
      closing = true;
      unfollow();
      for (const reader of readers.values()) reader.pause();
      if (underWay.size > 0) await within(milliseconds, (resolve) => (settled = resolve));
      clearInterval(touching);
      for (const message of underWay) giveBack(message);
      await within(LAST_ANSWERS, () => {});
      for (const reader of readers.values()) reader.close();
    },
  };
}

/** At once: nsqd itself would wait for the message's time to be over. */
function giveBack(message: nsqjs.NsqMessage): void {
  message.requeue(0, false);
}

function within(milliseconds: number, start: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    const late = setTimeout(resolve, milliseconds);
    start(() => {
      clearTimeout(late);
      resolve();
    });
  });
}
