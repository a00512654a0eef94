/** Plays a session's device to a server, and compares what the server answers. */
import { setTimeout as sleep } from 'node:timers/promises';
import { matchParts } from './matching.js';
import { literalBytes, writePayload } from './payload.js';
import type { Session, SessionEvent } from './session-file.js';
import { connectTcp, connectUdp, type Wire } from './wire.js';

export interface ReplayOptions {
  readonly host: string;
  readonly port: number;
  /** How many times faster than it was recorded; Infinity: the device waits for answers only. */
  readonly speed: number;
  /** Milliseconds that an answer may take, and a connection to open. */
  readonly answerTimeout: number;
}

/** The first thing that was not as recorded. */
export interface Difference {
  /** Line of the session's file; 0: behind its end. */
  readonly line: number;
  /** What the session says, in its notation. */
  readonly expected: string;
  /** What came, in the same notation. */
  readonly got: string;
  /** All that the server sent, and the offset at which the answer in question begins. */
  readonly received: Buffer;
  readonly at: number;
}

/** Milliseconds in which nothing may come when a session is at its end. */
const QUIET = 50;
/** Bytes that are kept of what the server sends; a session that brings more has its server's part compared no further. */
export const MAX_RECEIVED_BYTES = 64 * 1024 * 1024;

/** Resolves to the first difference, or null: the server answered as recorded. Rejects when it cannot be reached. */
export async function replaySession(session: Session, options: ReplayOptions): Promise<Difference | null> {
  const peer = await Peer.connect(session.transport, options);
  const started = performance.now();
  try {
    for (const event of session.events) {
      const due = started + event.at / options.speed - performance.now();
      if (event.from === 'device') {
        if (due > 0) await sleep(due);
        peer.say(event);
        continue;
      }
      const difference = await peer.hear(event, options.answerTimeout);
      if (difference) return difference;
    }
    return await peer.nothingMore();
  } finally {
    peer.leave();
  }
}

class Peer {
  readonly #wire: Wire;
  #received = Buffer.alloc(0);
  #read = 0;
  #ended = false;
  #wake = () => {};

  private constructor(wire: Wire) {
    this.#wire = wire;
    wire.heard = (bytes) => {
      if (this.#received.length < MAX_RECEIVED_BYTES) this.#received = Buffer.concat([this.#received, bytes]);
      this.#wake();
    };
    wire.ended = () => {
      this.#ended = true;
      this.#wake();
    };
  }

  static async connect(transport: Session['transport'], options: ReplayOptions): Promise<Peer> {
    return new Peer(await (transport === 'udp' ? connectUdp(options) : connectTcp(options)));
  }

  say({ does }: SessionEvent): void {
    if (does === 'close') this.#wire.end();
    else this.#wire.send(literalBytes(does) ?? Buffer.alloc(0));
  }

  async hear(event: SessionEvent, timeout: number): Promise<Difference | null> {
    const deadline = performance.now() + timeout;
    for (;;) {
      const { does } = event;
      if (does === 'close') {
        if (this.#received.length > this.#read) return this.#difference(event.line, 'close');
        if (this.#ended) return null;
      } else {
        const match = matchParts(does, this.#received, this.#read);
        if (match.found === 'whole') {
          this.#read = match.end;
          return null;
        }
        if (match.found === 'other' || this.#ended) return this.#difference(event.line, writePayload(does));
      }
      if (!(await this.#more(deadline)))
        return this.#difference(event.line, does === 'close' ? 'close' : writePayload(does));
    }
  }

  async nothingMore(): Promise<Difference | null> {
    const deadline = performance.now() + QUIET;
    while (!this.#ended && (await this.#more(deadline)));
    return this.#received.length > this.#read ? this.#difference(0, 'nothing more') : null;
  }

  leave(): void {
    this.#wire.leave();
  }

  /** Waits for bytes or the end; resolves to false at the deadline. */
  #more(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), Math.max(0, deadline - performance.now()));
      this.#wake = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }

  #difference(line: number, expected: string): Difference {
    const bytes = this.#received.subarray(this.#read);
    const payload = writePayload([{ part: 'bytes', as: mostlyText(bytes) ? 'text' : 'hex', bytes }]);
    const got = [bytes.length > 0 ? payload : 'nothing', ...(this.#ended ? ['close'] : [])].join(', then ');
    return { line, expected, got, received: this.#received, at: this.#read };
  }
}

function mostlyText(bytes: Uint8Array): boolean {
  const printable = bytes.filter((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f)).length;
  return printable > bytes.length * 0.9;
}
