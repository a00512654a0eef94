/** The one that owns store and bus, as seen by the threads and processes that work for it. */
import type { Bus } from '../bus/bus.js';
import type { Turns } from '../devices/turns.js';
import type { Durability } from '../ingest/durability.js';
import type { MetricsGiven } from '../observe/metrics.js';
import type { Store } from '../store/store.js';
import { decodeWrites } from '../store/write-codec.js';
import type { OwnerCalls, PartCalls } from './calls.js';
import { type Handlers, type Peer, type Port, peer } from './port.js';

/** How often those who watch a topic are told of listeners that other processes have, in ms. */
export const LOOK_EVERY = 1_000;

export interface OwnerParts {
  readonly raw: Store;
  readonly durability: Durability;
  readonly bus: Bus;
  readonly turns: Turns;
  /** Of the owner itself. */
  readonly metrics: () => Promise<MetricsGiven>;
  /** Told of what a part could not be told. */
  readonly onTrouble: (why: string) => void;
  /** Somebody on the bus asks this machine's gateway to end. */
  readonly quit: () => void;
}

export interface Owner {
  /** Serves the part at the other end of a port until that closes; it can be asked once it said hello. */
  attach(port: Port, on: { readonly hello: (part: Peer<PartCalls>) => void; readonly closed: () => void }): void;
  /** Tells all parts why nothing can be stored, or, with null, that it can be. */
  trouble(why: string | null): void;
  /** Metrics of the owner and of all its parts. */
  metrics(): Promise<MetricsGiven[]>;
  /** Why readings wait in a spool of the owner or its parts, or null: in none. */
  spooling(): Promise<string | null>;
  close(): void;
}

/** A part, and what it holds that has to be given back when it is gone. */
interface Attached {
  readonly peer: Peer<PartCalls>;
  readonly subscriptions: Map<number, () => void>;
  readonly turns: Map<number, () => void>;
  /** Topics, and the listeners it was last told of. */
  readonly watched: Map<string, number>;
}

export function createOwner(parts: OwnerParts): Owner {
  const attached = new Set<Attached>();
  let turnNumber = 0;
  const looking = setInterval(tellListeners, LOOK_EVERY);
  looking.unref();

  function tellListeners(): void {
    for (const one of attached)
      for (const [topic, told] of one.watched) {
        const count = parts.bus.listeners(topic);
        if (count === told) continue;
        one.watched.set(topic, count);
        tell(one, 'listeners', { topic, count });
      }
  }

  function tell<K extends keyof PartCalls>(one: Attached, call: K, value: PartCalls[K]['takes']): void {
    one.peer.ask(call, value).catch((error: Error) => parts.onTrouble(error.message));
  }

  function attach(port: Port, on: Parameters<Owner['attach']>[1]): void {
    const one: Attached = {
      peer: peer<PartCalls, OwnerCalls>(port, handlers(), () => {
        attached.delete(one);
        for (const end of one.subscriptions.values()) end();
        for (const end of one.turns.values()) end();
        tellListeners();
        on.closed();
      }),
      subscriptions: new Map(),
      turns: new Map(),
      watched: new Map(),
    };
    attached.add(one);

    function handlers(): Handlers<OwnerCalls> {
      return {
        hello() {
          on.hello(one.peer);
          return null;
        },
        async write(bytes) {
          await parts.durability.write(decodeWrites(bytes));
          return null;
        },
        claim: ({ path, name, before, value }) => parts.raw.claim(path, name, before, value),
        takeTurn: (key) => takeTurn(one, key),
        endTurn(number) {
          one.turns.get(number)?.();
          one.turns.delete(number);
          return null;
        },
        publish: ({ topic, message }) => parts.bus.publish(topic, message),
        async send({ topic, message }) {
          await parts.bus.send(topic, message);
          return null;
        },
        subscribe({ subscription, topic, channel }) {
          const end = parts.bus.subscribe(
            topic,
            channel,
            async (message) => {
              await one.peer.ask('deliver', { subscription, message });
            },
            { onGap: () => tell(one, 'gap', subscription) },
          );
          one.subscriptions.set(subscription, end);
          tellListeners();
          return null;
        },
        unsubscribe(subscription) {
          one.subscriptions.get(subscription)?.();
          one.subscriptions.delete(subscription);
          tellListeners();
          return null;
        },
        watch(topic) {
          const count = parts.bus.listeners(topic);
          one.watched.set(topic, count);
          return count;
        },
        metrics: () => metricsBut(one),
        spooling,
        quit() {
          parts.quit();
          return null;
        },
      };
    }
  }

  function takeTurn(one: Attached, key: string): Promise<number> {
    const number = ++turnNumber;
    return new Promise((resolve, reject) => {
      parts
        .turns(key, async () => {
          // Others read what is on disk: what earlier turns wrote must be.
          await parts.durability.changed();
          await new Promise<void>((end) => {
            if (!attached.has(one)) return end();
            one.turns.set(number, end);
            resolve(number);
          });
        })
        .catch(reject);
    });
  }

  /** One that does not answer is left out: whoever watches sees that it is missing. */
  async function metricsBut(asker: Attached | null): Promise<MetricsGiven[]> {
    const others = [...attached].filter((one) => one !== asker);
    const given = await Promise.allSettled([parts.metrics(), ...others.map(({ peer }) => peer.ask('metrics', null))]);
    return given.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  }

  async function spooling(): Promise<string | null> {
    const asked = await Promise.allSettled([...attached].map(({ peer }) => peer.ask('spooling', null)));
    const given = asked.map((one) => (one.status === 'fulfilled' ? one.value : null));
    return [parts.durability.spooling, ...given].filter((why) => why !== null).join('; ') || null;
  }

  return {
    attach,
    trouble(why) {
      for (const one of attached) tell(one, 'trouble', why);
    },
    metrics: () => metricsBut(null),
    spooling,
    close: () => clearInterval(looking),
  };
}
