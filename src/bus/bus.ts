/**
 * Messages between the parts: a topic, its channels, their listeners. Every channel of a topic gets each message; of
 * the listeners of one channel, one does. Little is promised: a message can be dropped at a bound or come twice, so
 * what must not be lost does not travel here alone.
 */
export interface Bus {
  /** Hands a message to all channels of a topic, later; false: malformed, or there was no room for it. */
  publish(topic: string, message: Message): boolean;
  /** As `publish`, and resolves once it is out of our hands; rejects with `NotSent`. */
  send(topic: string, message: Message): Promise<void>;
  /** Returns what ends it. A handler that returns a promise gets the next message when that is settled. */
  subscribe(topic: string, channel: string, handler: Handler, options?: SubscribeOptions): () => void;
  /** How many channels of a topic somebody listens to, as far as is known: at least 1 where it is not. */
  listeners(topic: string): number;
  /** Lets handlers end and what waits leave, for a bounded time, and closes. */
  close(): Promise<void>;
  readonly counts: BusCounts;
}

export interface SubscribeOptions {
  /**
   * Whether the channel is one for all processes, each message for one of them: several are handled at a time, and one
   * whose handler failed comes again, later. Else the channel is this process's own.
   */
  readonly shared?: boolean;
  /** Called when messages may have been missed: after the connection to a server was made, or made again. */
  readonly onGap?: () => void;
  /** Gets the text of what is no message, in place of its being dropped, and why; a shared channel only. */
  readonly onMalformed?: (text: string, why: string) => Promise<void>;
}

/** Why a message did not leave: malformed, refused, no room, or closed. */
export class NotSent extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotSent';
  }
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
  /** Sent again, because a server did not confirm it. */
  resent: number;
}

/** What keeps a value from being a message, or null: it is one. */
export function messageProblem(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'not an object';
  const fields = new Map(Object.entries(value));
  for (const name of ['_to', '_from', '_call'])
    if (typeof fields.get(name) !== 'string' || fields.get(name) === '') return `no ${name}`;
  return null;
}

/** Whether it is a message; what others sent may still lack `_time`. */
export function isMessage(value: unknown): value is Message {
  return messageProblem(value) === null;
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
