/**
 * Hands the messages of the topic `events` to all listeners of this process, numbered, and keeps the last ones for those
 * who come again soon. While nobody listens, and some time after, it does not listen itself: then nothing is built.
 */
import type { Bus, Message } from '../bus/bus.js';

/** Events that are kept, and characters of their data, at the most. */
export const MAX_KEPT_EVENTS = 10_000;
export const MAX_KEPT_TEXT = 8 << 20;
/** Milliseconds that events are kept for when the last listener is gone. */
export const KEPT_FOR = 60_000;

export interface LiveEvent {
  readonly seq: number;
  readonly message: Message;
}

export interface Listener {
  /** The next event is handed over when what it promises is settled. */
  take(event: LiveEvent): void | Promise<void>;
  /** Events may have been lost on the way here. */
  gap(): void;
}

export interface Hub {
  /** Of this hub, unlike that of any other: numbers of events belong to it. */
  readonly run: string;
  /** Number of the last event. */
  readonly seq: number;
  /** Returns what ends it. */
  join(listener: Listener): () => void;
  /** The events after a number; null: not all of them are kept. */
  after(seq: number): readonly LiveEvent[] | null;
  close(): void;
}

export interface HubOptions {
  readonly bus: Bus;
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
  readonly maxKept?: number;
  readonly keptFor?: number;
}

export function createHub({ bus, random, maxKept = MAX_KEPT_EVENTS, keptFor = KEPT_FOR }: HubOptions): Hub {
  const run = Math.floor(random() * 2 ** 48).toString(36);
  const listeners = new Set<Listener>();
  let kept: LiveEvent[] = [];
  let keptText = 0;
  let seq = 0;
  /** From this number on nothing was lost. */
  let whole = 0;
  let dropped = 0;
  let unsubscribe: (() => void) | null = null;
  let leaving: NodeJS.Timeout | undefined;

  async function take(message: Message): Promise<void> {
    if (bus.counts.dropped !== dropped) gap();
    const event = { seq: ++seq, message };
    keep(event);
    const waits: Promise<void>[] = [];
    for (const listener of listeners) {
      const taken = listener.take(event);
      if (taken) waits.push(taken);
    }
    if (waits.length > 0) await Promise.all(waits);
  }

  function keep(event: LiveEvent): void {
    kept.push(event);
    keptText += textOf(event);
    if (kept.length <= maxKept && keptText <= MAX_KEPT_TEXT) return;
    // An eighth at once: to move all of them for each event would cost more than it saves.
    const gone = kept.splice(0, Math.ceil(kept.length / 8));
    keptText -= gone.reduce((sum, one) => sum + textOf(one), 0);
    whole = gone.at(-1)?.seq ?? whole;
  }

  function gap(): void {
    ({ dropped } = bus.counts);
    kept = [];
    keptText = 0;
    // A number that nobody has: what was lost is not known.
    whole = ++seq;
    for (const listener of listeners) listener.gap();
  }

  function listen(): void {
    clearTimeout(leaving);
    if (unsubscribe) return;
    ({ dropped } = bus.counts);
    kept = [];
    keptText = 0;
    whole = ++seq;
    unsubscribe = bus.subscribe('events', `api-${run}`, take, { onGap: gap });
  }

  function leave(): void {
    unsubscribe?.();
    unsubscribe = null;
    kept = [];
  }

  return {
    run,
    get seq() {
      return seq;
    },
    join(listener) {
      listen();
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearTimeout(leaving);
        leaving = setTimeout(leave, keptFor);
        leaving.unref();
      };
    },
    after: (from) => (unsubscribe && from >= whole && from <= seq ? kept.filter((event) => event.seq > from) : null),
    close() {
      clearTimeout(leaving);
      leave();
    },
  };
}

function textOf({ message }: LiveEvent): number {
  const data = message['data'];
  return typeof data === 'string' ? data.length : 0;
}
