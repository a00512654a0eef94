/** The owner's bus, from another thread or process of this machine. */
import { type Bus, type BusCounts, type Handler, type Message, messageProblem, NotSent } from '../bus/bus.js';
import type { OwnerCalls, PartCalls } from './calls.js';
import { CallFailed, type Handlers, type Peer } from './port.js';

/** Messages on their way to the owner at the most. */
export const MAX_UNDER_WAY = 10_000;

export interface LinkedBus extends Bus {
  /** What the owner asks of it. */
  readonly handlers: Pick<Handlers<PartCalls>, 'deliver' | 'gap' | 'listeners'>;
  /** Makes the bus known to its owner: whatever was subscribed before goes out then. */
  connect(owner: Peer<OwnerCalls>): void;
}

interface Subscribed {
  readonly topic: string;
  readonly channel: string;
  readonly handler: Handler;
  readonly onGap: (() => void) | undefined;
}

/** `onTrouble` is told of each message that is dropped, and of each handler that failed, for the log. */
export function createLinkedBus(onTrouble: (why: string, message?: unknown) => void): LinkedBus {
  const subscriptions = new Map<number, Subscribed>();
  const listening = new Map<string, number>();
  const counts: BusCounts = { published: 0, delivered: 0, malformed: 0, dropped: 0, failed: 0, resent: 0 };
  let owner: Peer<OwnerCalls> | null = null;
  let numbers = 0;
  let underWay = 0;

  function problemOf(topic: string, message: Message): string | null {
    const problem = messageProblem(message);
    if (problem !== null) {
      counts.malformed++;
      onTrouble(`Malformed message on ${topic}: ${problem}`, message);
    } else if (underWay >= MAX_UNDER_WAY) {
      counts.dropped++;
      onTrouble(`Message dropped: ${MAX_UNDER_WAY} are under way`, message);
      return `${MAX_UNDER_WAY} messages are under way`;
    }
    return problem;
  }

  async function hand(call: 'publish' | 'send', topic: string, message: Message): Promise<void> {
    if (!owner) throw new NotSent('Not sent: the bus is not connected');
    counts.published++;
    underWay++;
    try {
      await owner.ask(call, { topic, message });
    } catch (error) {
      counts.dropped++;
      throw new NotSent(error instanceof CallFailed ? error.message : String(error));
    } finally {
      underWay--;
    }
  }

  return {
    publish(topic, message) {
      if (problemOf(topic, message) !== null) return false;
      hand('publish', topic, message).catch((error: Error) => onTrouble(error.message, message));
      return true;
    },
    async send(topic, message) {
      const problem = problemOf(topic, message);
      if (problem !== null) throw new NotSent(`Not sent: ${problem}`);
      await hand('send', topic, message);
    },
    subscribe(topic, channel, handler, { shared = false, onGap } = {}) {
      if (shared) throw new Error(`Invalid subscription: a shared channel of ${topic} is the owner's`);
      const subscription = ++numbers;
      subscriptions.set(subscription, { topic, channel, handler, onGap });
      owner?.ask('subscribe', { subscription, topic, channel }).catch((error: Error) => onTrouble(error.message));
      return () => {
        if (!subscriptions.delete(subscription)) return;
        owner?.ask('unsubscribe', subscription).catch((error: Error) => onTrouble(error.message));
      };
    },
    listeners(topic) {
      const known = listening.get(topic);
      if (known !== undefined) return known;
      // At least one, as far as is known, until the owner has said how many.
      listening.set(topic, 1);
      owner?.ask('watch', topic).then(
        (count) => listening.set(topic, count),
        (error: Error) => onTrouble(error.message),
      );
      return 1;
    },
    async close() {
      subscriptions.clear();
    },
    counts,
    connect(to) {
      owner = to;
    },
    handlers: {
      async deliver({ subscription, message }) {
        const subscribed = subscriptions.get(subscription);
        if (!subscribed) return null;
        try {
          await subscribed.handler(message);
          counts.delivered++;
        } catch (error) {
          counts.failed++;
          onTrouble(`Handler of ${message._call} failed: ${error instanceof Error ? error.message : error}`, message);
        }
        return null;
      },
      gap(subscription) {
        subscriptions.get(subscription)?.onGap?.();
        return null;
      },
      listeners({ topic, count }) {
        listening.set(topic, count);
        return null;
      },
    },
  };
}
