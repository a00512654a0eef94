import { type Bus, type BusCounts, type Handler, type Message, messageProblem, NotSent } from './bus.js';

/** Messages that wait for one channel at the most, unless told otherwise. */
export const MAX_WAITING_MESSAGES = 10_000;

export interface LocalBusOptions {
  readonly maxWaiting?: number;
  /** Told of each message that is dropped, and of each handler that threw, for the log. */
  readonly onTrouble?: (why: string, message: unknown) => void;
}

/** A bus inside one process. */
export function createLocalBus({ maxWaiting = MAX_WAITING_MESSAGES, onTrouble = () => {} }: LocalBusOptions = {}): Bus {
  const topics = new Map<string, Map<string, Channel>>();
  const counts: BusCounts = { published: 0, delivered: 0, malformed: 0, dropped: 0, failed: 0, resent: 0 };

  function publish(topic: string, message: Message): boolean {
    const problem = messageProblem(message);
    if (problem !== null) {
      counts.malformed++;
      onTrouble(`Malformed message on ${topic}: ${problem}`, message);
      return false;
    }
    counts.published++;
    let taken = true;
    for (const [name, channel] of topics.get(topic) ?? []) {
      if (channel.held < maxWaiting) {
        channel.held++;
        channel.waiting.push(message);
        if (!channel.delivering) deliver(channel);
      } else {
        taken = false;
        counts.dropped++;
        onTrouble(`Message dropped: ${maxWaiting} wait on ${topic}/${name}`, message);
      }
    }
    return taken;
  }

  function deliver(channel: Channel): void {
    channel.delivering = true;
    setImmediate(async () => {
      const messages = channel.waiting;
      channel.waiting = [];
      for (const message of messages) {
        await hand(channel, message);
        channel.held--;
      }
      if (channel.waiting.length > 0) deliver(channel);
      else channel.delivering = false;
    });
  }

  async function hand(channel: Channel, message: Message): Promise<void> {
    // The listeners of a channel take turns.
    const handler = channel.handlers.shift();
    if (!handler) return;
    channel.handlers.push(handler);
    try {
      await handler(message);
      counts.delivered++;
    } catch (error) {
      counts.failed++;
      onTrouble(`Handler of ${message._call} failed: ${error instanceof Error ? error.message : error}`, message);
    }
  }

  function subscribe(topic: string, name: string, handler: Handler): () => void {
    const channels = topics.get(topic) ?? new Map<string, Channel>();
    topics.set(topic, channels);
    const channel = channels.get(name) ?? { handlers: [], waiting: [], held: 0, delivering: false };
    channels.set(name, channel);
    // The same function may listen twice.
    const own: Handler = (message) => handler(message);
    channel.handlers.push(own);
    return () => {
      channel.handlers = channel.handlers.filter((other) => other !== own);
      if (channel.handlers.length > 0 || channels.get(name) !== channel) return;
      channels.delete(name);
      if (channels.size === 0 && topics.get(topic) === channels) topics.delete(topic);
    };
  }

  return {
    publish,
    async send(topic, message) {
      if (!publish(topic, message)) throw new NotSent(`Not sent: a channel of ${topic} is full, or it is malformed`);
    },
    subscribe,
    listeners: (topic) => topics.get(topic)?.size ?? 0,
    close: async () => {},
    counts,
  };
}

interface Channel {
  handlers: Handler[];
  waiting: Message[];
  /** Waiting or being handed over. */
  held: number;
  delivering: boolean;
}
