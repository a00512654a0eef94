/**
 * A device as the field has them: it keeps its readings until a barrier behind them is answered, acknowledges settings
 * and commands, and when the connection drops it connects anew and sends again what it still keeps.
 */
import { connect, type Socket } from 'node:net';
import type { DeviceEvent, DeviceSide, Location, Protocol } from '../../protocols/protocol.js';
import { keep, type Ledger } from './ledger.js';

export interface DeviceOptions {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  /** Readings before each barrier. */
  readonly batch: number;
  /** Milliseconds from one batch to the next; 0: as soon as the barrier is answered. */
  readonly every: number;
  /** The reading of a number. */
  readonly reading: (number: number) => Location;
  readonly tally: Tally;
  /** A number from 0 to 1. */
  readonly random: () => number;
}

/** What all devices of a simulation count together. */
export interface Tally {
  connected: number;
  /** Readings, those sent again included. */
  sent: number;
  acknowledged: number;
  settings: number;
  commands: number;
  /** Connections that ended before the simulation did. */
  dropped: number;
  refused: number;
  /** The newest reason why a device could not do what it wanted; empty: none. */
  trouble: string;
  barrierAnswered(ms: number): void;
}

/** Milliseconds before a device connects again: doubled each time, up to the latter. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;
/** Milliseconds without a byte, although an answer is due, after which a device gives the connection up. */
const PATIENCE = 30_000;

export interface SimulatedDevice {
  /** Sends no more batches, waits for the answer of the last one up to so many ms, and closes. */
  stop(patience: number): Promise<void>;
}

export function startDevice(ledger: Ledger, options: DeviceOptions): SimulatedDevice {
  let conversation: Conversation | null = null;
  let stopping = false;
  let pause = FIRST_PAUSE;
  let timer: NodeJS.Timeout;

  function open(): void {
    conversation = new Conversation(ledger, options, {
      identified: () => {
        pause = FIRST_PAUSE;
      },
      ended: () => {
        conversation = null;
        if (stopping) return;
        timer = setTimeout(open, pause * (0.5 + options.random()));
        pause = Math.min(2 * pause, LONGEST_PAUSE);
      },
    });
  }

  // Devices do not begin all at once.
  timer = setTimeout(open, options.every > 0 ? options.random() * Math.min(options.every, 1_000) : 0);
  return {
    async stop(patience) {
      stopping = true;
      clearTimeout(timer);
      await conversation?.finish(patience);
    },
  };
}

interface ConversationEvents {
  readonly identified: () => void;
  readonly ended: () => void;
}

/** One connection of a device. */
class Conversation {
  readonly #ledger: Ledger;
  readonly #options: DeviceOptions;
  readonly #on: ConversationEvents;
  readonly #socket: Socket;
  readonly #side: DeviceSide;
  #identified = false;
  #barrier = 0;
  /** The batch whose barrier is not answered yet: the reading behind its last one, and when it was sent. */
  #waiting: { readonly end: number; readonly sentAt: number } | null = null;
  /** What was reported since the last barrier, and what stands before the one that waits. */
  #reported = { settings: new Map<string, string>(), commands: new Map<string, string | null>() };
  #inDoubt = this.#reported;
  #due = 0;
  #timer: NodeJS.Timeout | undefined;
  #finished: (() => void) | null = null;

  constructor(ledger: Ledger, options: DeviceOptions, on: ConversationEvents) {
    this.#ledger = ledger;
    this.#options = options;
    this.#on = on;
    this.#side = options.protocol.device();
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true });
    this.#socket.setTimeout(PATIENCE, () => this.#silence());
    this.#socket.on('connect', () => {
      options.tally.connected++;
      this.#socket.on('close', () => options.tally.connected--);
      this.#say(this.#side.identify(ledger.ident));
    });
    this.#socket.on('data', (bytes) => this.#hear(bytes));
    this.#socket.on('error', (error) => {
      options.tally.trouble = error.message;
    });
    this.#socket.on('close', () => this.#closed());
  }

  finish(patience: number): Promise<void> {
    clearTimeout(this.#timer);
    return new Promise((resolve) => {
      this.#finished = resolve;
      setTimeout(() => this.#socket.destroy(), patience).unref();
      if (!this.#waiting) this.#socket.destroy();
    });
  }

  #hear(bytes: Uint8Array): void {
    let events: DeviceEvent[];
    try {
      events = this.#side.receive(bytes);
    } catch (error) {
      this.#options.tally.trouble = error instanceof Error ? error.message : String(error);
      this.#socket.destroy();
      return;
    }
    for (const event of events) this.#take(event);
  }

  #take(event: DeviceEvent): void {
    const { tally } = this.#options;
    switch (event.event) {
      case 'identified':
        if (event.accepted) this.#begin();
        else this.#refused();
        break;
      case 'barrier':
        if (this.#waiting && event.n === this.#barrier) this.#answered(this.#waiting);
        break;
      case 'setting':
        this.#say(this.#side.settingReported(event.name, event.value));
        this.#reported.settings.set(event.name, event.value);
        tally.settings++;
        break;
      case 'settingsAsked':
        this.#say(this.#side.settingReported('model', 'simulated'));
        break;
      case 'statusAsked':
        this.#say(this.#side.status(event.name, 'loc'));
        break;
      case 'command': {
        const { lacks } = this.#options.protocol;
        const response = lacks.includes('responses') ? null : (`did ${event.text}`.split('\n', 1)[0] ?? '');
        this.#say(this.#side.commandDone(event.id, response));
        this.#reported.commands.set(event.text, response);
        tally.commands++;
        break;
      }
      case 'aliveAsked':
        this.#say(this.#side.aliveAnswer(event.n));
        break;
      case 'closing':
        tally.trouble = event.why;
        break;
      case 'data':
      case 'line':
        break;
    }
  }

  #begin(): void {
    this.#identified = true;
    this.#on.identified();
    this.#due = performance.now();
    this.#sendBatch();
  }

  #refused(): void {
    this.#options.tally.refused++;
    this.#options.tally.trouble = `the server refuses ${this.#ledger.ident}`;
    this.#socket.destroy();
  }

  #sendBatch(): void {
    const { batch, reading, tally } = this.#options;
    const start = this.#ledger.acknowledged;
    const end = start + batch;
    const parts: Uint8Array[] = [];
    for (let number = start; number < end; number++) parts.push(this.#side.location(reading(number)));
    this.#barrier = (this.#barrier + 1) & 0xff;
    parts.push(this.#side.barrier(this.#barrier));
    this.#waiting = { end, sentAt: performance.now() };
    this.#inDoubt = this.#reported;
    this.#reported = { settings: new Map(), commands: new Map() };
    this.#ledger.sent = Math.max(this.#ledger.sent, end);
    tally.sent += batch;
    this.#say(Buffer.concat(parts));
  }

  #answered({ end, sentAt }: { readonly end: number; readonly sentAt: number }): void {
    const { tally, every } = this.#options;
    const now = performance.now();
    tally.barrierAnswered(now - sentAt);
    tally.acknowledged += end - this.#ledger.acknowledged;
    this.#ledger.acknowledged = end;
    keep(this.#ledger.settings, this.#inDoubt.settings);
    keep(this.#ledger.commands, this.#inDoubt.commands);
    this.#waiting = null;
    if (this.#finished) {
      this.#socket.destroy();
      return;
    }
    // By the clock, so that a late answer makes the next batch no later; what was missed is not made up for.
    this.#due = Math.max(this.#due + every, now - every);
    if (every === 0) this.#sendBatch();
    else this.#timer = setTimeout(() => this.#sendBatch(), Math.max(0, this.#due - now));
  }

  #silence(): void {
    if (this.#identified && !this.#waiting) return;
    this.#options.tally.trouble = `no answer within ${PATIENCE / 1_000} s`;
    this.#socket.destroy();
  }

  #say(bytes: Uint8Array): void {
    if (bytes.length > 0 && !this.#socket.destroyed) this.#socket.write(bytes);
  }

  #closed(): void {
    clearTimeout(this.#timer);
    if (!this.#finished) this.#options.tally.dropped++;
    this.#finished?.();
    this.#on.ended();
  }
}
