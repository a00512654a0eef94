/** Publishes confirmed: what an nsqd did not take is kept, up to a bound, and sent again. */
import { NotSent } from '../bus.js';
import type { ServerAddress } from './address.js';
import { openWriter } from './writer.js';

/** Messages, and bytes, that wait for nsqd at the most. */
export const MAX_QUEUED_MESSAGES = 10_000;
export const MAX_QUEUED_BYTES = 64 << 20;
/** Bytes of one message: what nsqd takes unless it is told otherwise. */
export const MAX_MESSAGE_BYTES = 1 << 20;
/** Messages, and bytes, published at once. */
export const MAX_BATCH_MESSAGES = 200;
export const MAX_BATCH_BYTES = 1 << 20;

export interface Publisher {
  /** Queues a body; the callback gets null when nsqd has confirmed it, or why it is given up. */
  add(topic: string, body: Buffer, settled: (error: NotSent | null) => void): void;
  readonly queued: number;
  /** Resolves when nothing waits any more, or after so many milliseconds. */
  drain(milliseconds: number): Promise<void>;
  /** Gives up what still waits. */
  close(): void;
}

export interface PublisherOptions {
  readonly servers: readonly ServerAddress[];
  readonly random: () => number;
  readonly maxQueued: number;
  /** Messages that are sent again. */
  readonly onResent: (messages: number) => void;
  readonly onTrouble: (why: string) => void;
}

interface Outgoing {
  readonly body: Buffer;
  readonly settled: (error: NotSent | null) => void;
}

interface TopicQueue {
  readonly name: string;
  waiting: Outgoing[];
  sending: boolean;
  /** Messages to be sent alone, to find the one that nsqd refuses. */
  alone: number;
}

/** What nsqd says of a message that it will never take. */
const REFUSED = /^E_BAD_(MESSAGE|TOPIC|BODY)\b/;

export function openPublisher(options: PublisherOptions): Publisher {
  const { servers, random, maxQueued, onResent, onTrouble } = options;
  const topics = new Map<string, TopicQueue>();
  let queued = 0;
  let queuedBytes = 0;
  let emptied: (() => void)[] = [];
  let closed = false;
  const writer = openWriter({
    servers,
    random,
    onTrouble,
    onReady() {
      for (const topic of topics.values()) send(topic);
    },
  });

  function add(name: string, body: Buffer, settled: (error: NotSent | null) => void): void {
    if (closed) settled(new NotSent('Not sent: the bus is closed'));
    else if (body.length > MAX_MESSAGE_BYTES)
      settled(new NotSent(`Not sent: ${body.length} bytes, a message has ${MAX_MESSAGE_BYTES} at the most`));
    else if (queued >= maxQueued || queuedBytes + body.length > MAX_QUEUED_BYTES)
      settled(new NotSent(`Not sent: ${queued} messages with ${queuedBytes} bytes wait for nsqd`));
    else {
      queued++;
      queuedBytes += body.length;
      let topic = topics.get(name);
      if (!topic) {
        topic = { name, waiting: [], sending: false, alone: 0 };
        topics.set(name, topic);
      }
      topic.waiting.push({ body, settled });
      send(topic);
    }
  }

  /** One batch of a topic is under way at a time: its order stays, also where it is sent again. */
  function send(topic: TopicQueue): void {
    if (topic.sending || topic.waiting.length === 0 || !writer.ready) return;
    topic.sending = true;
    const batch = nextBatch(topic);
    const bodies = batch.map(({ body }) => body);
    writer.publish(topic.name, bodies, (error) => {
      topic.sending = false;
      if (closed) return;
      if (!error) settle(topic, batch.length, null);
      else if (!REFUSED.test(error.message)) onResent(batch.length);
      else if (batch.length > 1) topic.alone = batch.length;
      else settle(topic, 1, new NotSent(`Not sent: nsqd refused it, ${error.message}`));
      if (topic.waiting.length === 0) topics.delete(topic.name);
      else send(topic);
    });
  }

  function settle(topic: TopicQueue, count: number, error: NotSent | null): void {
    topic.alone = Math.max(0, topic.alone - count);
    const settled = topic.waiting.splice(0, count);
    queued -= count;
    for (const { body } of settled) queuedBytes -= body.length;
    for (const one of settled) one.settled(error);
    if (queued > 0) return;
    for (const tell of emptied.splice(0)) tell();
  }

  function nextBatch({ waiting, alone }: TopicQueue): Outgoing[] {
    let bytes = 0;
    const most = alone > 0 ? 1 : MAX_BATCH_MESSAGES;
    const end = waiting.findIndex(({ body }, at) => {
      bytes += body.length;
      return at >= most || (at > 0 && bytes > MAX_BATCH_BYTES);
    });
    return end < 0 ? [...waiting] : waiting.slice(0, end);
  }

  return {
    add,
    get queued() {
      return queued;
    },
    drain(milliseconds) {
      if (queued === 0) return Promise.resolve();
      return new Promise((resolve) => {
        const late = setTimeout(resolve, milliseconds);
        emptied.push(() => {
          clearTimeout(late);
          resolve();
        });
      });
    },
    close() {
      if (closed) return;
      closed = true;
      writer.close();
      const left = [...topics.values()].flatMap(({ waiting }) => waiting);
      topics.clear();
      if (left.length > 0) onTrouble(`${left.length} messages were not taken by nsqd before the bus was closed`);
      for (const { settled } of left) settled(new NotSent('Not sent: the bus was closed first'));
      queued = queuedBytes = 0;
      emptied = [];
    },
  };
}
