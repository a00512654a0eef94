/** TCP connections put together from segments: in order, each byte once, and what is missing said. */
import { CaptureError, packetsOf } from './packets.js';
import { type Segment, segmentOf } from './segments.js';

/** One connection as both sides heard it. */
export interface CapturedConnection {
  /** `address:port` of who opened it; where its beginning was not captured, of who sent first. */
  readonly client: string;
  readonly server: string;
  /** Whether the opening was captured: else who is client is a guess. */
  readonly opened: boolean;
  readonly events: readonly CapturedEvent[];
  /** Bytes that were sent and not captured. */
  readonly missing: number;
}

export interface CapturedEvent {
  /** UNIX ms. */
  readonly time: number;
  readonly from: 'client' | 'server';
  /** What was sent, or the end of this side. */
  readonly bytes: Buffer | 'close';
}

/** Connections of one capture, and bytes waiting for those before them on one side, at the most. */
export const MAX_CONNECTIONS = 100_000;
export const MAX_WAITING_BYTES = 4 << 20;

/** All connections of a capture file, in the order of their first segment. Throws `CaptureError`. */
export function connectionsOf(bytes: Buffer): CapturedConnection[] {
  const open = new Map<string, Assembly>();
  const all: Assembly[] = [];
  for (const packet of packetsOf(bytes)) {
    const segment = segmentOf(packet);
    if (!segment) continue;
    const key = [segment.from, segment.to].sort().join(' ');
    let assembly = open.get(key);
    // The same two ports again.
    if (!assembly || (segment.syn && !segment.ack && assembly.hasData)) {
      if (all.length === MAX_CONNECTIONS) throw new CaptureError(`More than ${MAX_CONNECTIONS} connections`);
      assembly = new Assembly(segment);
      open.set(key, assembly);
      all.push(assembly);
    }
    assembly.take(segment);
  }
  return all.map((assembly) => assembly.finish()).filter(({ events }) => events.length > 0);
}

class Assembly {
  readonly #client: string;
  readonly #server: string;
  readonly #opened: boolean;
  readonly #events: CapturedEvent[] = [];
  readonly #sides = { client: new Side(), server: new Side() };

  constructor(first: Segment) {
    const fromClient = !(first.syn && first.ack);
    this.#opened = first.syn;
    this.#client = fromClient ? first.from : first.to;
    this.#server = fromClient ? first.to : first.from;
  }

  get hasData(): boolean {
    return this.#events.length > 0;
  }

  take(segment: Segment): void {
    const from = segment.from === this.#client ? 'client' : 'server';
    const { time } = segment;
    for (const bytes of this.#sides[from].take(segment)) this.#events.push({ time, from, bytes });
  }

  finish(): CapturedConnection {
    let missing = 0;
    for (const from of ['client', 'server'] as const) {
      const side = this.#sides[from];
      const time = this.#events.at(-1)?.time ?? 0;
      for (const bytes of side.takeWaiting()) this.#events.push({ time, from, bytes });
      missing += side.missing;
    }
    return { client: this.#client, server: this.#server, opened: this.#opened, events: this.#events, missing };
  }
}

/** One direction: what was taken, and segments that came before those in front of them. */
class Side {
  missing = 0;
  /** The sequence number that comes next; null: nothing was seen yet. */
  #next: number | null = null;
  #waiting: Segment[] = [];
  #waitingBytes = 0;
  #closed = false;

  /** What can be read now that this segment is here. */
  take(segment: Segment): (Buffer | 'close')[] {
    if (this.#closed) return [];
    if (segment.syn) {
      this.#next = (segment.sequence + 1) >>> 0;
      return [];
    }
    this.#next ??= segment.sequence;
    this.#waiting.push(segment);
    this.#waitingBytes += segment.payload.length;
    const found = this.#inOrder();
    // Somebody's bytes were not captured: go on behind them rather than wait for ever.
    if (this.#waitingBytes > MAX_WAITING_BYTES) found.push(...this.takeWaiting());
    return found;
  }

  /** What waits, with what is missing before it skipped. */
  takeWaiting(): (Buffer | 'close')[] {
    const found: (Buffer | 'close')[] = [];
    while (this.#waiting.length > 0 && !this.#closed) {
      const next = this.#next ?? 0;
      const gap = Math.min(...this.#waiting.map(({ sequence }) => distance(next, sequence)));
      this.missing += Math.max(0, gap);
      this.#next = (next + gap) >>> 0;
      found.push(...this.#inOrder());
    }
    return found;
  }

  #inOrder(): (Buffer | 'close')[] {
    const found: (Buffer | 'close')[] = [];
    for (;;) {
      const next = this.#next ?? 0;
      const index = this.#waiting.findIndex(({ sequence }) => distance(next, sequence) <= 0);
      const [segment] = index === -1 ? [] : this.#waiting.splice(index, 1);
      if (!segment || this.#closed) return found;
      const { payload, sequence, fin, rst } = segment;
      this.#waitingBytes -= payload.length;
      // What came before, sent again, is read once.
      const fresh = payload.subarray(Math.min(payload.length, -distance(next, sequence)));
      if (fresh.length > 0) found.push(fresh);
      this.#next = (next + fresh.length) >>> 0;
      const ends = fin && distance(this.#next, (sequence + payload.length) >>> 0) === 0;
      if (ends || rst) {
        this.#closed = true;
        found.push('close');
      }
    }
  }
}

/** How far ahead of `from` the sequence number `to` is; they count modulo 2^32. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}
