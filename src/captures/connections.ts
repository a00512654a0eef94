/**
 * Connections put together from packets. Over TCP from segments: in order, each byte once, and what is missing said. Over
 * UDP one is what two ports send each other until they are quiet, each datagram an event.
 */
import { type Datagram, datagramIn, QUIET_BETWEEN_EXCHANGES, UDP } from './datagrams.js';
import { ipPayloadOf } from './ip.js';
import { CaptureError, type Packet, packetsOf } from './packets.js';
import { type Segment, segmentIn, TCP } from './segments.js';

/** One connection as both sides heard it. */
export interface CapturedConnection {
  readonly transport: 'tcp' | 'udp';
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
/** Segments that wait for those before them, of one side. */
const MAX_WAITING_SEGMENTS = 10_000;

/** All connections of a capture file, in the order of their first segment. Throws `CaptureError`. */
export function connectionsOf(bytes: Buffer): CapturedConnection[] {
  const streams = new Map<string, Assembly<Segment>>();
  const exchanges = new Map<string, Assembly<Datagram>>();
  const all: { finish(): CapturedConnection }[] = [];

  /** Gives a piece to the connection that is open between its ports, or else to one that it begins. */
  function take<Piece extends Segment | Datagram>(
    piece: Piece,
    open: Map<string, Assembly<Piece>>,
    begin: (first: Piece) => Assembly<Piece>,
  ): void {
    const key = [piece.from, piece.to].sort().join(' ');
    let assembly = open.get(key);
    if (!assembly || assembly.isOverAt(piece)) {
      if (all.length === MAX_CONNECTIONS) throw new CaptureError(`More than ${MAX_CONNECTIONS} connections`);
      assembly = begin(piece);
      open.set(key, assembly);
      all.push(assembly);
    }
    assembly.take(piece);
  }

  for (const packet of packetsOf(bytes)) {
    const piece = pieceOf(packet);
    if (piece?.transport === 'tcp') take(piece, streams, (first) => new Stream(first));
    else if (piece) take(piece, exchanges, (first) => new Exchange(first));
  }
  return all.map((assembly) => assembly.finish()).filter(({ events }) => events.length > 0);
}

/** The segment or datagram of a packet, or null: it holds none, or not all of its headers. */
function pieceOf(packet: Packet): Segment | Datagram | null {
  try {
    const ip = ipPayloadOf(packet);
    if (ip?.protocol === TCP) return segmentIn(packet.time, ip);
    return ip?.protocol === UDP ? datagramIn(packet.time, ip) : null;
  } catch (error) {
    // Cut in the midst of a header.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A connection as it is put together. */
interface Assembly<Piece> {
  /** Whether this piece begins another on the same two ports. */
  isOverAt(piece: Piece): boolean;
  take(piece: Piece): void;
  finish(): CapturedConnection;
}

/** Who sends first is taken for the client. */
class Exchange implements Assembly<Datagram> {
  readonly #client: string;
  readonly #server: string;
  readonly #events: CapturedEvent[] = [];
  #last: number;

  constructor(first: Datagram) {
    this.#client = first.from;
    this.#server = first.to;
    this.#last = first.time;
  }

  isOverAt({ time }: Datagram): boolean {
    return time - this.#last > QUIET_BETWEEN_EXCHANGES;
  }

  take({ time, from, payload }: Datagram): void {
    this.#last = time;
    if (payload.length > 0)
      this.#events.push({ time, from: from === this.#client ? 'client' : 'server', bytes: payload });
  }

  finish(): CapturedConnection {
    return {
      transport: 'udp',
      client: this.#client,
      server: this.#server,
      opened: false,
      events: this.#events,
      missing: 0,
    };
  }
}

class Stream implements Assembly<Segment> {
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

  isOverAt({ syn, ack }: Segment): boolean {
    return syn && !ack && this.#events.length > 0;
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
    return {
      transport: 'tcp',
      client: this.#client,
      server: this.#server,
      opened: this.#opened,
      events: this.#events,
      missing,
    };
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
    if (segment.payload.length === 0 && !segment.fin && !segment.rst) return [];
    this.#waiting.push(segment);
    this.#waitingBytes += segment.payload.length;
    const found = this.#inOrder();
    // Somebody's bytes were not captured: go on behind them rather than wait for ever.
    if (this.#waitingBytes > MAX_WAITING_BYTES || this.#waiting.length > MAX_WAITING_SEGMENTS)
      found.push(...this.takeWaiting());
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
