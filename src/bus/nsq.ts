/** The bus over NSQ: many processes, on many machines. What nsqjs lacks is made good in the folder `nsq`. */
import { type Bus, type BusCounts, type Handler, isMessage, type Message, messageProblem, NotSent } from './bus.js';
import { AGAIN_AFTER, CLOSE_WITHIN, createLocalBus, MAX_WAITING_MESSAGES } from './local.js';
import { ephemeralChannel, isTopic, type ServerAddress } from './nsq/address.js';
import { type Consumer, MAX_IN_FLIGHT, MESSAGE_TIMEOUT, openConsumer } from './nsq/consumer.js';
import { ASK_EVERY, openDiscovery } from './nsq/discovery.js';
import { createOwnCopies } from './nsq/own-copies.js';
import { MAX_QUEUED_MESSAGES, openPublisher } from './nsq/publisher.js';
import { openUnkept, UNHEARD, type Unkept } from './nsq/unkept.js';

export interface NsqOptions {
  /** The first that answers is published to; all are listened to. */
  readonly servers: readonly ServerAddress[];
  /** nsqlookupd by their HTTP ports: where the other nsqd are, and who listens. */
  readonly lookups: readonly ServerAddress[];
  /** Topics of which nsqd keeps nothing when nobody listens: else it would keep all of it until somebody does. */
  readonly unkept?: readonly string[];
  /** Of this process, unlike that of any other: the channel on which it gets its own copy of messages. */
  readonly name: string;
  /** UNIX ms. */
  readonly now: () => number;
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
  /** Told, for the log, of lost connections, of each message that is dropped, and of each handler that failed. */
  readonly onTrouble?: (why: string, message?: unknown) => void;
  readonly maxQueued?: number;
  readonly maxInFlight?: number;
  readonly messageTimeout?: number;
  readonly againAfter?: number;
  readonly askEvery?: number;
  readonly closeWithin?: number;
}

interface OwnTopic {
  readonly consumer: Consumer;
  readonly gaps: Set<() => void>;
  listeners: number;
}

/** Opens a bus over NSQ. It needs no server to start: messages wait for one. */
export function createNsqBus(options: NsqOptions): Bus {
  const { servers, lookups, name, now, random, onTrouble = () => {}, closeWithin = CLOSE_WITHIN } = options;
  const local = createLocalBus({ maxWaiting: MAX_WAITING_MESSAGES, closeWithin, onTrouble });
  const copies = createOwnCopies();
  const own = new Map<string, OwnTopic>();
  const consumers = new Set<Consumer>();
  const channel = ephemeralChannel(name);
  const shared = { published: 0, delivered: 0, malformed: 0, dropped: 0, failed: 0, resent: 0 };
  const discovery = openDiscovery({ lookups, askEvery: options.askEvery ?? ASK_EVERY, random });
  const unkept = new Map<string, Unkept>();
  const publisher = openPublisher({
    servers,
    random,
    maxQueued: options.maxQueued ?? MAX_QUEUED_MESSAGES,
    onResent(messages) {
      shared.resent += messages;
    },
    onTrouble,
  });

  function hand(topic: string, message: Message, settled: (error: NotSent | null) => void): void {
    const problem = isTopic(topic) ? messageProblem(message) : 'no topic that NSQ takes';
    if (problem !== null) {
      shared.malformed++;
      onTrouble(`Malformed message on ${topic}: ${problem}`, message);
      settled(new NotSent(`Not sent: ${problem}`));
      return;
    }
    const text = JSON.stringify(message);
    // The listeners here need no server in between, and hear of it also while there is none.
    if (own.has(topic) && local.publish(topic, message)) copies.add(text);
    shared.published++;
    if (options.unkept?.includes(topic) && !unkept.has(topic))
      unkept.set(topic, openUnkept({ topic, servers, random, onTrouble }));
    publisher.add(topic, Buffer.from(text), (error) => {
      if (error) {
        shared.dropped++;
        onTrouble(error.message, message);
      }
      settled(error);
    });
  }

  function consume(topic: string, on: string, handle: (body: Buffer) => Promise<void>, onReady: () => void): Consumer {
    const consumer = openConsumer({
      topic,
      channel: on,
      servers,
      discovery,
      maxInFlight: options.maxInFlight ?? MAX_IN_FLIGHT,
      messageTimeout: options.messageTimeout ?? MESSAGE_TIMEOUT,
      againAfter: options.againAfter ?? AGAIN_AFTER,
      random,
      handle,
      onReady,
      onTrouble,
    });
    consumers.add(consumer);
    return consumer;
  }

  function malformed(topic: string, why: string, text: string): void {
    shared.malformed++;
    onTrouble(`Malformed message on ${topic}: ${why}`, text.slice(0, SHOWN));
  }

  function openOwn(topic: string): OwnTopic {
    const gaps = new Set<() => void>();
    const take = async (body: Buffer): Promise<void> => {
      const text = body.toString();
      if (copies.take(text)) return;
      const read = readMessage(text, now());
      if (typeof read === 'string') malformed(topic, read, text);
      else local.publish(topic, read);
    };
    const consumer = consume(topic, channel, take, () => {
      for (const gap of gaps) gap();
    });
    const opened = { consumer, gaps, listeners: 0 };
    own.set(topic, opened);
    return opened;
  }

  function close(consumer: Consumer): Promise<void> {
    consumers.delete(consumer);
    return consumer.close(closeWithin);
  }

  return {
    publish(topic, message) {
      let taken = true;
      hand(topic, message, (error) => {
        if (error) taken = false;
      });
      return taken;
    },
    send(topic, message) {
      return new Promise((resolve, reject) => {
        hand(topic, message, (error) => (error ? reject(error) : resolve()));
      });
    },
    subscribe(topic, on, handler, { shared: isShared = false, onGap, onMalformed } = {}) {
      if (!isTopic(topic)) throw new Error(`Invalid topic: ${JSON.stringify(topic)}, expected one that NSQ takes`);
      if (isShared) {
        const handle = async (body: Buffer): Promise<void> => {
          const text = body.toString();
          const read = readMessage(text, now());
          if (typeof read !== 'string') return call(handler, read);
          malformed(topic, read, text);
          await onMalformed?.(text, read);
        };
        const consumer = consume(topic, on, handle, () => onGap?.());
        return () => void close(consumer);
      }
      const opened = own.get(topic) ?? openOwn(topic);
      opened.listeners++;
      if (onGap) opened.gaps.add(onGap);
      const end = local.subscribe(topic, on, handler);
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        end();
        if (onGap) opened.gaps.delete(onGap);
        if (--opened.listeners > 0) return;
        own.delete(topic);
        close(opened.consumer);
      };
    },
    listeners(topic) {
      const known = discovery.channels(topic);
      const others = known ? [...known].filter((one) => one !== channel && one !== UNHEARD).length : 1;
      return local.listeners(topic) + others;
    },
    async close() {
      discovery.close();
      for (const one of unkept.values()) one.close();
      await Promise.all([...consumers].map(close));
      await local.close();
      await publisher.drain(closeWithin);
      publisher.close();
    },
    get counts() {
      return total(local.counts, shared);
    },
  };

  async function call(handler: Handler, message: Message): Promise<void> {
    try {
      await handler(message);
      shared.delivered++;
    } catch (error) {
      shared.failed++;
      onTrouble(`Handler of ${message._call} failed: ${error instanceof Error ? error.message : error}`, message);
      throw error;
    }
  }
}

/** Characters of a malformed message that the log gets. */
const SHOWN = 200;

/** The message, or what keeps the text from being one. */
function readMessage(text: string, now: number): Message | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  if (!isMessage(value)) return messageProblem(value) ?? 'no message';
  return typeof value._time === 'number' ? value : { ...value, _time: now / 1_000 };
}

/** What passed through a server, and what reached listeners here. */
function total(local: BusCounts, server: BusCounts): BusCounts {
  return {
    published: server.published,
    delivered: local.delivered + server.delivered,
    malformed: server.malformed,
    dropped: local.dropped + server.dropped,
    failed: local.failed + server.failed,
    resent: server.resent,
  };
}
