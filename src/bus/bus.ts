/**
 * Messages between the parts: a topic, its channels, their listeners. Every channel of a topic gets each message; of
 * the listeners of one channel, one does. Nothing is promised: a message can be dropped at a bound, so what must not
 * be lost does not travel here alone.
 */
export interface Bus {
  /** Hands a message to all channels of a topic, later; false: malformed, or a channel had no room for it. */
  publish(topic: string, message: Message): boolean;
  /** Returns what ends it. A handler that returns a promise gets the next message when that is settled. */
  subscribe(topic: string, channel: string, handler: Handler): () => void;
  /** How many channels of a topic somebody listens to. */
  listeners(topic: string): number;
  readonly counts: BusCounts;
}

export type Handler = (message: Message) => void | Promise<void>;

/** A JSON object; fields beside these are the call's own (`calls.ts`). */
export interface Message {
  /** Topic, `topic/channel`, then `;key=value` parameters. */
  readonly _to: string;
  /** Who sent it, in the same form. */
  readonly _from: string;
  /** What to do. */
  readonly _call: string;
  /** UNIX seconds. */
  readonly _time: number;
  readonly [field: string]: unknown;
}

export interface BusCounts {
  published: number;
  delivered: number;
  /** Without `_to`, `_from` or `_call`. */
  malformed: number;
  /** A channel was at its bound. */
  dropped: number;
  /** A handler threw. */
  failed: number;
}

/** What keeps a value from being a message, or null: it is one. */
export function messageProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  const fields = new Map(Object.entries(value));
  for (const name of ['_to', '_from', '_call'])
    if (typeof fields.get(name) !== 'string' || fields.get(name) === '') return `no ${name}`;
  return null;
}

/** Where a message goes or comes from. */
export interface Address {
  readonly topic: string;
  readonly channel: string | null;
  readonly parameters: ReadonlyMap<string, string>;
}

export function parseAddress(text: string): Address {
  const [place = '', ...parameters] = text.split(';');
  const slash = place.indexOf('/');
  return {
    topic: slash < 0 ? place : place.slice(0, slash),
    channel: slash < 0 ? null : place.slice(slash + 1),
    parameters: new Map(parameters.map(keyAndValue)),
  };
}

function keyAndValue(parameter: string): [string, string] {
  const equals = parameter.indexOf('=');
  return equals < 0 ? [parameter, ''] : [parameter.slice(0, equals), parameter.slice(equals + 1)];
}
