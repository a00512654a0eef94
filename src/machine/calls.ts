/** What the parts of one machine ask of each other: the owner of store and bus, and those that work for it. */
import type { Message } from '../bus/bus.js';
import type { Config } from '../config/options.js';
import type { Listening } from '../gateway/gateway.js';
import type { MetricsGiven } from '../observe/metrics.js';
import type { Running } from '../serve.js';

/** Asked of the process that owns the store and the bus. */
export type OwnerCalls = {
  /** The part listens: what is sent to a process before that is lost. */
  hello: { takes: null; gives: null };
  /** A batch of writes (`write-codec.ts`); answered when it is durable. */
  write: { takes: Uint8Array; gives: null };
  claim: { takes: Claim; gives: boolean };
  /** Waits for the turn on what a key names; gives the number by which to end it. */
  takeTurn: { takes: string; gives: number };
  endTurn: { takes: number; gives: null };
  /** Whether it was taken. */
  publish: { takes: ToTopic; gives: boolean };
  /** Answered when it is out of our hands; fails with `NotSent`. */
  send: { takes: ToTopic; gives: null };
  subscribe: { takes: Subscription; gives: null };
  unsubscribe: { takes: number; gives: null };
  /** Asks to be told how many listen to a topic, now and whenever it changes; gives how many do. */
  watch: { takes: string; gives: number };
  /** Of the owner and all parts but the one that asks. */
  metrics: { takes: null; gives: MetricsGiven[] };
  /** Why readings wait in a spool, of the owner or of any part, or null. */
  spooling: { takes: null; gives: string | null };
  /** Ends this machine's gateway, as somebody on the bus asked. */
  quit: { takes: null; gives: null };
};

/** Asked of a part that works for the owner. */
export type PartCalls = {
  start: { takes: PartSetup; gives: PartReady };
  /** A message for a subscription; answered when it is handled. */
  deliver: { takes: { subscription: number; message: Message }; gives: null };
  /** Messages may have been missed. */
  gap: { takes: number; gives: null };
  listeners: { takes: { topic: string; count: number }; gives: null };
  /** Why nothing becomes durable at the moment, or null. */
  trouble: { takes: string | null; gives: null };
  metrics: { takes: null; gives: MetricsGiven };
  /** Why readings wait in the part's spool, or null. */
  spooling: { takes: null; gives: string | null };
  /** Drains and closes. */
  stop: { takes: null; gives: null };
};

export interface Claim {
  readonly path: string;
  readonly name: string;
  readonly before: string | undefined;
  readonly value: string;
}

export interface ToTopic {
  readonly topic: string;
  readonly message: Message;
}

export interface Subscription {
  readonly subscription: number;
  readonly topic: string;
  readonly channel: string;
}

/** How a part is started. */
export type PartSetup = ApiSetup | WorkerSetup;

interface AnySetup {
  readonly config: Config;
  /** Of this part on the bus, unlike that of any other. */
  readonly name: string;
}

export interface ApiSetup extends AnySetup {
  readonly part: 'api';
}

export interface WorkerSetup extends AnySetup {
  readonly part: 'gateway';
  /** Among the workers, from 1; the same each time it is started. */
  readonly worker: number;
}

export interface PartReady {
  readonly listening: readonly Listening[];
  readonly http: Running['http'];
}
