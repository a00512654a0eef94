import {
  type Bus,
  type BusCounts,
  type Handler,
  type Message,
  messageProblem,
  NotSent,
  type SubscribeOptions,
} from './bus.js';

/** Messages that wait for one channel at the most, unless told otherwise. */
export const MAX_WAITING_MESSAGES = 10_000;
/** Messages of a shared channel handled at a time. */
export const MAX_AT_ONCE = 200;
/** Milliseconds after which a message of a shared channel comes again, whose handler failed. */
export const AGAIN_AFTER = 1_000;
/** Milliseconds that handlers may take to end, and messages to leave, when a bus is closed. */
export const CLOSE_WITHIN = 5_000;

export interface LocalBusOptions {
  readonly maxWaiting?: number;
  readonly againAfter?: number;
  readonly closeWithin?: number;
  /** Told of each message that is dropped, and of each handler that threw, for the log. */
  readonly onTrouble?: (why: string, message: unknown) => void;
}

/** A bus inside one process. */
export function createLocalBus(options: LocalBusOptions = {}): Bus {
  const { maxWaiting = MAX_WAITING_MESSAGES, againAfter = AGAIN_AFTER, onTrouble = () => {} } = options;
  const again = new Set<NodeJS.Timeout>();
  let held = 0;
  let closed = false;
  let emptied = () => {};
  const topics = new Map<string, Map<string, Channel>>();
  const counts: BusCounts = { published: 0, delivered: 0, malformed: 0, dropped: 0, failed: 0, resent: 0 };

  function publish(topic: string, message: Message): boolean {
    const problem = messageProblem(message);
    if (problem !== null) {
      counts.malformed++;
      onTrouble(`Malformed message on ${topic}: ${problem}`, message);
      return false;
    }
    if (closed) return false;
    counts.published++;
    let taken = true;
    for (const [name, channel] of topics.get(topic) ?? []) {
      if (channel.held < maxWaiting) {
        channel.held++;
        held++;
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
      if (channel.shared) {
        // What waits on goes on when one that is under way ends.
        for (const message of channel.waiting.splice(0, MAX_AT_ONCE - channel.underWay)) handShared(channel, message);
        channel.delivering = false;
        return;
      }
      const messages = channel.waiting;
      channel.waiting = [];
      for (const message of messages) {
        await hand(channel, message);
        release(channel);
      }
      if (channel.waiting.length > 0) deliver(channel);
      else channel.delivering = false;
    });
  }

  async function handShared(channel: Channel, message: Message): Promise<void> {
    channel.underWay++;
    const done = await hand(channel, message);
    channel.underWay--;
    if (done || closed) {
      release(channel);
    } else {
      const timer = setTimeout(() => {
        again.delete(timer);
        channel.waiting.push(message);
        if (!channel.delivering) deliver(channel);
      }, againAfter);
      again.add(timer);
    }
    if (channel.waiting.length > 0 && !channel.delivering) deliver(channel);
  }

  function release(channel: Channel): void {
    channel.held--;
    if (--held <= again.size) emptied();
  }

  /** Resolves to whether the message is done with. */
  async function hand(channel: Channel, message: Message): Promise<boolean> {
    // The listeners of a channel take turns.
    const handler = channel.handlers.shift();
    if (!handler) return true;
    channel.handlers.push(handler);
    try {
      await handler(message);
      counts.delivered++;
      return true;
    } catch (error) {
      counts.failed++;
      onTrouble(`Handler of ${message._call} failed: ${error instanceof Error ? error.message : error}`, message);
      return false;
    }
  }

  function subscribe(topic: string, name: string, handler: Handler, { shared = false }: SubscribeOptions = {}) {
    const channels = topics.get(topic) ?? new Map<string, Channel>();
    topics.set(topic, channels);
    const channel = channels.get(name) ?? newChannel(shared);
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
      if (!publish(topic, message))
        throw new NotSent(`Not sent: a channel of ${topic} is full, it is malformed, or the bus is closed`);
    },
    subscribe,
    listeners: (topic) => topics.get(topic)?.size ?? 0,
    async close() {
      closed = true;
      for (const timer of again) clearTimeout(timer);
      if (held === again.size) return;
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, options.closeWithin ?? CLOSE_WITHIN);
        emptied = () => {
          clearTimeout(late);
          resolve();
        };
      });
    },
    counts,
  };
}

interface Channel {
  handlers: Handler[];
  waiting: Message[];
  /** Waiting, being handed over, or to come again. */
  held: number;
  delivering: boolean;
  readonly shared: boolean;
  /** Messages that a shared channel's handlers have. */
  underWay: number;
}

function newChannel(shared: boolean): Channel {
  return { handlers: [], waiting: [], held: 0, delivering: false, shared, underWay: 0 };
}
