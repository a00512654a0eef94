/**
 * One listener: goes on from where it was, gets what it asked for and may see, and is told what it missed where it reads
 * too slowly. What is held for it is bounded.
 */
import { deviceOfMessage, eventOf, type Filter, isoDate, receivedAt, type StreamEvent } from './events.js';
import type { Hub, LiveEvent } from './hub.js';
import { type Position, positionText, STORED } from './position.js';

/** Bytes that a client may leave unread, above which it gets nothing more until it has read them. */
export const MAX_UNSENT = 1 << 20;
/** Events that are held while those that were missed are read. */
export const MAX_HELD = 10_000;
/** Readings read from the store that are known again when they come live, so that few come twice. */
export const MAX_KNOWN_AGAIN = 10_000;
/** Milliseconds before the last event that is gone on from: gateways' clocks differ, and messages take their time. */
export const SLACK = 10_000;

/** Where events go. */
export interface Outlet {
  /** Bytes that the client has not read yet. */
  readonly unsent: number;
  write(event: StreamEvent, id: string | null): void;
  /** Calls back each time that all is read. */
  onRead(callback: () => void): void;
}

export interface StreamOptions {
  readonly hub: Hub;
  readonly outlet: Outlet;
  readonly filter: Filter;
  /** Whether what concerns a device (null: none) is seen. */
  readonly sees: (deviceId: string | null) => boolean | Promise<boolean>;
  /** What arrived since, UNIX ms, from the store; what it throws is told as missed. */
  readonly stored: (since: number) => AsyncIterable<readonly StreamEvent[]>;
  /** UNIX ms. */
  readonly now: () => number;
}

export interface Stream {
  /** From the event after a position on, or, null, from now on. */
  start(from: Position | null): void;
  /** The listener is gone. */
  stop(): void;
}

export function createStream({ hub, outlet, filter, sees, stored, now }: StreamOptions): Stream {
  let stopped = false;
  let leave = () => {};
  /** Events that wait while those before them are read; null: none have to. */
  let held: LiveEvent[] | null = null;
  let gapped = false;
  /** UNIX ms: what arrived before was handed over. */
  let reached = now();
  let last: string | null = null;
  /** Number of the last event before the client fell behind. */
  let handed = hub.seq;
  let missed = 0;
  let behind = false;
  let readAgain = () => {};

  outlet.onRead(() => {
    if (behind) {
      behind = false;
      if (missed > 0) makeUp();
    }
    readAgain();
  });

  /** What was left out comes now, where it is kept still; else the listener is told. */
  function makeUp(): void {
    if (held || !hub.after(handed)) return tellMissed(`${MAX_UNSENT} bytes were left unread`);
    missed = 0;
    void catchUp({ time: reached, seq: handed, run: hub.run }, true);
  }

  function tellMissed(why: string): void {
    outlet.write({ event: 'missed', data: { count: missed > 0 ? missed : null, after: last, why } }, null);
    missed = 0;
  }

  function send(event: StreamEvent, id: string): void {
    if (behind) {
      missed++;
      return;
    }
    outlet.write(event, id);
    last = id;
    if (outlet.unsent > MAX_UNSENT) behind = true;
  }

  function offer({ seq, message }: LiveEvent, known?: ReadonlySet<string>): void | Promise<void> {
    reached = Math.max(reached, receivedAt(message));
    if (!behind) handed = seq;
    const event = eventOf(message, filter);
    if (!event || known?.has(keyOf(event))) return;
    const position = positionText({ time: receivedAt(message), seq, run: hub.run });
    const seen = sees(deviceOfMessage(message));
    if (typeof seen !== 'boolean')
      return seen.then((isSeen) => (isSeen && !stopped ? send(event, position) : undefined));
    if (seen) send(event, position);
  }

  function hold(event: LiveEvent, events: LiveEvent[]): void {
    if (events.length < MAX_HELD) events.push(event);
    else gapped = true;
  }

  /** Hands over what came before, then what was held meanwhile; what does not fit in is read from the store again. */
  async function catchUp(from: Position, silently = false): Promise<void> {
    let position = from;
    let silent = silently;
    do {
      gapped = false;
      held = [];
      const known = new Set<string>();
      const before = hub.seq;
      const kept = position.run === hub.run ? hub.after(position.seq) : null;
      const count = kept ? await offerAll(kept) : await readStored(position.time - SLACK, known);
      if (stopped) return;
      if (!silent) {
        last = positionText({ time: Math.min(reached, now()), seq: before, run: hub.run });
        outlet.write({ event: 'resumed', data: { after: isoDate(position.time), count } }, last);
      }
      silent = false;
      for (const event of held) await offer(event, known);
      position = { time: reached, seq: 0, run: STORED };
    } while (gapped && !stopped);
    held = null;
  }

  async function offerAll(events: readonly LiveEvent[]): Promise<number> {
    for (const event of events) {
      await offer(event);
      if (outlet.unsent > MAX_UNSENT / 2) await allRead();
    }
    return events.length;
  }

  /** Resolves to how many readings there were, or null: not all were read. */
  async function readStored(since: number, known: Set<string>): Promise<number | null> {
    // Until all of it is read, whoever comes again begins here again.
    const id = positionText({ time: since + SLACK, seq: 0, run: STORED });
    let count = 0;
    reached = now();
    try {
      for await (const batch of stored(since)) {
        for (const event of batch) {
          send(event, id);
          count++;
          if (known.size < MAX_KNOWN_AGAIN) known.add(keyOf(event));
          if (outlet.unsent > MAX_UNSENT / 2) await allRead();
        }
        if (stopped) break;
      }
      return count;
    } catch (error) {
      tellMissed(error instanceof Error ? error.message : String(error));
      return null;
    }
  }

  /** Waits, where the client has much unread: what is read for it can wait, what comes by itself cannot. */
  async function allRead(): Promise<void> {
    while (outlet.unsent > MAX_UNSENT / 2 && !stopped) await new Promise<void>((resolve) => (readAgain = resolve));
  }

  return {
    start(from) {
      leave = hub.join({
        take: (event) => (held ? hold(event, held) : offer(event)),
        gap() {
          if (held) gapped = true;
          else void catchUp({ time: reached, seq: 0, run: STORED });
        },
      });
      if (from) void catchUp(from);
    },
    stop() {
      stopped = true;
      leave();
      readAgain();
    },
  };
}

function keyOf({ data }: StreamEvent): string {
  return `${data['device']} ${data['type']} ${data['id']}`;
}
