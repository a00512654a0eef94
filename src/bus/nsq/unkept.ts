/**
 * A topic of which nothing is kept while nobody listens. nsqd keeps what is published on a topic without channels, on its
 * disk, until there is one: so there is a channel that is idle, of which nsqd drops what is over its bound in memory.
 */
import type { ServerAddress } from './address.js';
import { MESSAGE_TIMEOUT } from './consumer.js';
import { openReader } from './reader.js';

/** The idle channel; nsqd forgets it with the last gateway. */
export const UNHEARD = 'unheard#ephemeral';

export interface Unkept {
  close(): void;
}

export interface UnkeptOptions {
  readonly topic: string;
  readonly servers: readonly ServerAddress[];
  readonly random: () => number;
  readonly onTrouble: (why: string) => void;
}

export function openUnkept({ topic, servers, random, onTrouble }: UnkeptOptions): Unkept {
  const readers = servers.map((server) =>
    openReader({
      server,
      topic,
      channel: UNHEARD,
      maxInFlight: 1,
      messageTimeout: MESSAGE_TIMEOUT,
      random,
      idle: true,
      // One may come before nsqd knows that none are wanted.
      onMessage: (message) => message.finish(),
      onReady: () => {},
      onTrouble,
    }),
  );
  return {
    close() {
      for (const reader of readers) reader.close();
    },
  };
}
