/**
 * One connection of a device: bytes of the socket go to the protocol's session, and the effects that come back are
 * carried out here. What the device may forget upon leaves only through `DurableAnswers`.
 */
import type { Duplex } from 'node:stream';
import type { Command, ConnectionFacts, Effect, Intent, Protocol, Session } from '../../protocols/protocol.js';
import type { Device } from '../devices/device.js';
import { seriesOf } from '../devices/device.js';
import { hexForLog, type Logger } from '../observe/log.js';
import type { ProtocolCounts } from '../observe/metrics.js';
import { DurableAnswers } from './answers.js';
import { confirm } from './confirmations.js';
import type { GatewayParts } from './gateway.js';
import { handOver } from './hand-over.js';
import { writeHeld } from './lease.js';
import { answerTo } from './questions.js';
import { recordEvent } from './server-events.js';
import { ToldCommands } from './told-commands.js';

/** Why a socket is not read, each a bit. */
const PAUSED = {
  /** The session waits to be told the outcome of `identify` or `ask`. */
  session: 1,
  /** The queue of the store is at its bound. */
  store: 2,
  /** This connection has too much that is not durable. */
  unacknowledged: 4,
  /** Too many confirmations of this connection are being carried out. */
  tasks: 8,
  finishing: 16,
} as const;

/** Confirmations of one connection under way, above which it is not read. */
const MAX_TASKS = 64;
/** Milliseconds after which a device is told that the store did not take what it sent, where it can be told. */
const OTHERWISE_AFTER = 10_000;
/** Milliseconds that a closed connection may take to hand its last bytes over. */
const LINGER = 5_000;
/** A protocol error is logged once per connection and this many milliseconds. */
const LOG_EVERY = 1_000;
/** Milliseconds of quiet on our side before a silent device is asked whether it is there. */
const ASK_ALIVE_PAUSE = 30_000;
/** A reading dated further ahead of the gateway's clock, in ms, counts as dated in the future. */
const FUTURE = 60_000;

/** The other end: a socket, or who sends datagrams. */
export interface Peer extends Duplex {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  setTimeout(ms: number, late: () => void): this;
}

export class Connection {
  readonly id: number;
  readonly protocol: Protocol;
  readonly address: string;
  readonly source: string;
  /** UNIX ms. */
  readonly openedAt: number;
  device: Device | null = null;
  /** UNIX ms of the last bytes received. */
  lastReceived: number;
  logLevel: string;

  readonly #parts: GatewayParts;
  readonly #socket: Peer;
  readonly #session: Session;
  readonly #answers: DurableAnswers;
  readonly #counts: ProtocolCounts;
  readonly #openedMonotonic: number;
  #receivedAt: number;
  #sentAt: number;
  #loggedAt = Number.NEGATIVE_INFINITY;
  #paused = 0;
  /** Number of this connection's newest write. */
  #lastWrite = 0;
  #unacknowledged = 0;
  #tasks = 0;
  #lastTask: Promise<void> = Promise.resolve();
  #finishing: string | null = null;
  // Made when it is needed: most connections are idle, and there are many.
  #toldCommands: ToldCommands | null = null;
  #closed: (() => void) | null = null;
  #isGone = false;
  #seriesId = '';
  #translate: (channel: string) => string | null = () => null;

  constructor(
    id: number,
    socket: Peer,
    protocol: Protocol,
    parts: GatewayParts,
    transport: ConnectionFacts['transport'],
  ) {
    this.id = id;
    this.protocol = protocol;
    this.#parts = parts;
    this.#socket = socket;
    this.address = socket.remoteAddress ?? 'unknown';
    this.source = `${this.address}:${socket.remotePort ?? 0}`;
    this.openedAt = this.lastReceived = parts.clock.now();
    this.#openedMonotonic = this.#receivedAt = this.#sentAt = parts.clock.monotonic();
    this.logLevel = parts.log.level;
    this.#counts = parts.metrics.counts(protocol.name);
    this.#answers = new DurableAnswers((bytes, askedAt) => {
      parts.metrics.barrierAnswered((parts.clock.monotonic() - askedAt) / 1_000);
      this.#counts.barriers++;
      this.#send(bytes);
    });
    const { version, debug } = parts;
    this.#session = protocol.session({
      id,
      source: this.source,
      transport,
      openedAt: this.openedAt,
      version,
      debug,
    });
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('end', () => this.finish('the device closed'));
    socket.on('error', (error) => {
      this.#log('debug', 'socket error', { error: error.message });
      socket.destroy();
    });
    socket.on('close', () => this.#gone());
  }

  /** Sends the settings that wait for the device. */
  deliverSettings(): void {
    const device = this.device;
    if (!device || this.#session.answersOnly) return;
    this.#task(async () => {
      this.#tell({ tell: 'settings', settings: await this.#parts.settings.pending(device.id) });
    });
  }

  /** Sends the commands that wait for the device and were not yet sent on this connection. */
  deliverCommands(): void {
    const device = this.device;
    if (!device || this.#session.answersOnly) return;
    this.#task(async () => {
      const pending = await this.#parts.commands.pending(device.id, this.#parts.clock.now());
      const commands = pending.filter((command) => !this.#toldCommands?.has(command.id));
      if (commands.length === 0) return;
      this.#tell({ tell: 'commands', commands });
      await this.#commandsTold(commands);
    });
  }

  /** Stops reading, lets the answers that are durable leave, and closes; resolves when it is closed. */
  drain(why: string): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#closed = resolve;
    });
    this.close(why);
    // The socket says that it is closed before we are told, and what we write then is to be stored.
    return this.#isGone ? Promise.resolve() : closed;
  }

  /** Tells the device why where the protocol can, then closes as `finish` does. */
  close(why: string): void {
    if (this.#finishing === null) this.#tell({ tell: 'closing', why });
    this.finish(why);
  }

  /** Stops reading and closes when what is under way is done. */
  finish(why: string): void {
    if (this.#finishing !== null) return;
    this.#finishing = why;
    this.#pause('finishing', true);
    this.#endWhenDone();
  }

  /** Gives the connection up at once: nothing more is said. */
  destroy(why: string): void {
    this.#finishing ??= why;
    this.#answers.drop();
    this.#socket.destroy();
  }

  /** Called when the queue of the store has reached its bound, and when it has room again. */
  storeFull(full: boolean): void {
    this.#pause('store', full);
  }

  /** Looks after the limits of time; called about once a second. */
  sweep(monotonic: number): void {
    const { limits } = this.#parts;
    const silence = monotonic - this.#receivedAt;
    if (!this.device && monotonic - this.#openedMonotonic >= limits.identifyTimeout)
      this.close(`not identified within ${limits.identifyTimeout / 1_000} s`);
    else if (silence >= limits.silenceTimeout) this.close(`silent for ${Math.round(limits.silenceTimeout / 1_000)} s`);
    else if (this.device && silence >= limits.askAliveAfter && monotonic - this.#sentAt >= ASK_ALIVE_PAUSE)
      this.#tell({ tell: 'askAlive' });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#finishing !== null) return;
    const { clock, durability, limits } = this.#parts;
    const now = clock.now();
    this.lastReceived = now;
    this.#receivedAt = clock.monotonic();
    this.#counts.bytesIn += bytes.byteLength;
    const before = this.#lastWrite;
    this.#carryOut(this.#session.receive(bytes, now), now);
    if (this.#toldCommands?.anyLeft) this.#task(() => this.#markSent());
    if (this.#lastWrite !== before) {
      this.#unacknowledged += bytes.byteLength;
      durability.whenDurable(this.#lastWrite, () => {
        this.#unacknowledged -= bytes.byteLength;
        if (this.#unacknowledged < limits.unacknowledgedBytes) this.#pause('unacknowledged', false);
      });
      if (this.#unacknowledged >= limits.unacknowledgedBytes) this.#pause('unacknowledged', true);
    }
    if (durability.full) this.#pause('store', true);
  }

  #tell(intent: Intent): void {
    const now = this.#parts.clock.now();
    this.#carryOut(this.#session.tell(intent, now), now);
  }

  #carryOut(effects: readonly Effect[], now: number): void {
    for (const effect of effects) {
      switch (effect.do) {
        case 'store':
          this.#store(effect, now);
          break;
        case 'answer':
          if (effect.when === 'now') this.#send(effect.bytes);
          else this.#answerWhenDurable(effect);
          break;
        case 'confirm':
          this.#confirm(effect);
          break;
        case 'identify':
          this.#identify(effect.ident);
          break;
        case 'ask':
          this.#ask(effect);
          break;
        case 'handOver':
          this.#handOver(effect, now);
          break;
        case 'count':
          this.#count(effect);
          break;
        case 'close':
          this.finish(effect.why);
          if (effect.scope === 'device' && this.device) this.#finishAllOf(this.device, effect.why, now);
          break;
      }
    }
  }

  #finishAllOf({ id }: Device, why: string, now: number): void {
    for (const connection of this.#parts.connections.of(id)) connection.finish(why);
    const call = { _call: 'disconnect', _from: this.#parts.address, _time: now / 1_000 };
    this.#parts.bus.publish('receivers', { _to: `receivers;device_id=${id}`, ...call });
  }

  #store({ reading }: Extract<Effect, { do: 'store' }>, now: number): void {
    const { device } = this;
    if (!device) return;
    const { durability, live, series } = this.#parts;
    const write = series.prepare(this.#seriesId, reading, now);
    this.#lastWrite = durability.add(write);
    this.#counts.readings++;
    if (reading.time !== null && reading.time > now + FUTURE) this.#counts.futureReadings++;
    if (live.wanted()) durability.whenDurable(this.#lastWrite, () => live.stored(device, write));
    const { listed } = reading;
    // What is in the spool is listed when the sensor speaks again: the store, which knows the list, is away.
    if (listed !== null && durability.spooling === null)
      this.#task(() => this.#parts.listedSensors.mark(device.id, listed, now));
  }

  #answerWhenDurable({ bytes, otherwise }: Extract<Effect, { do: 'answer' }>): void {
    const { clock, durability } = this.#parts;
    const answer = this.#answers.push(bytes, clock.monotonic());
    const lastWrite = this.#lastWrite;
    const late =
      otherwise && setTimeout(() => this.#release(answer, otherwise), durability.trouble ? 0 : OTHERWISE_AFTER).unref();
    const release = () => {
      clearTimeout(late);
      this.#release(answer);
    };
    const whenWritten = () => durability.whenDurable(lastWrite, release);
    if (this.#tasks === 0) whenWritten();
    else this.#lastTask.then(whenWritten);
  }

  #release(answer: Parameters<DurableAnswers['release']>[0], otherwise?: Uint8Array): void {
    if (this.#socket.destroyed) return;
    this.#answers.release(answer, otherwise);
    this.#endWhenDone();
  }

  #confirm({ what }: Extract<Effect, { do: 'confirm' }>): void {
    const { device } = this;
    if (!device) return;
    this.#task(async () => {
      const odd = await confirm(this.#parts, device.id, what);
      if (odd) this.#count(odd);
    });
  }

  #identify(ident: string): void {
    this.#pause('session', true);
    this.#task(async () => {
      const result = await this.#parts.identify(ident, { protocol: this.protocol.name, source: this.source });
      if (!result.accepted) {
        this.#counts.identifyRefused++;
        this.#log('info', 'identification refused', { ident, why: result.why });
        this.#tell({ tell: 'refused', why: result.why });
      } else if (!this.#socket.destroyed) {
        this.#counts.identified++;
        await this.#identified(result.device);
      }
      this.#pause('session', false);
    });
  }

  async #identified(device: Device): Promise<void> {
    const parts = this.#parts;
    const before = this.device;
    this.device = device;
    this.#seriesId = seriesOf(device.id);
    if (before) parts.connections.unidentified(this, before.id);
    // Before what waits for the device is read: of what is added after that, a message tells, which finds it then.
    parts.connections.identified(this, device.id);
    this.#lastWrite = recordEvent(parts, this, 'device_identified');
    const [pendingSettings, pendingCommands, capabilitiesKnown, hasSettings, translate] = await Promise.all([
      this.#session.answersOnly ? [] : parts.settings.pending(device.id),
      this.#session.answersOnly ? [] : parts.commands.pending(device.id, parts.clock.now()),
      parts.status.capabilitiesKnown(device.id),
      parts.settings.hasAny(device.id),
      parts.channelTranslation.rulesFor(device.id),
      writeHeld(parts, device),
      before && writeHeld(parts, before),
    ]);
    if (this.#socket.destroyed) return;
    this.#translate = translate;
    this.#log('info', 'device identified', { ident: device.ident });
    this.#socket.cork();
    this.#tell({
      tell: 'identified',
      deviceId: device.id,
      pendingSettings,
      pendingCommands,
      capabilitiesKnown,
      hasSettings,
      clockOffset: device.clockOffset ?? parts.clockOffsets.get(this.protocol.name) ?? null,
      handsOver: (channel) => translate(channel) !== null,
    });
    this.#socket.uncork();
    this.#toldCommands = null;
    await this.#commandsTold(pendingCommands);
  }

  #ask({ question }: Extract<Effect, { do: 'ask' }>): void {
    const { device } = this;
    if (!device) return;
    this.#pause('session', true);
    this.#task(async () => {
      const answer = await answerTo(this.#parts, this, device, question);
      this.#tell({ tell: 'answered', answer });
      if (answer.to === 'pendingCommands') await this.#commandsTold(answer.commands);
      this.#pause('session', false);
    });
  }

  #handOver(effect: Extract<Effect, { do: 'handOver' }>, now: number): void {
    const { device } = this;
    if (!device) return;
    const taken = handOver(this.#parts, this, device, this.#translate(effect.channel), effect, now);
    if (typeof taken === 'number') this.#lastWrite = taken;
    else this.#task(() => taken);
  }

  async #commandsTold(commands: readonly Command[]): Promise<void> {
    if (commands.length === 0) return;
    this.#toldCommands ??= new ToldCommands(this.#session);
    this.#toldCommands.add(commands);
    await this.#markSent();
  }

  /** Marks as sent what has left of the commands that were told; the others are looked at when the device speaks. */
  async #markSent(): Promise<void> {
    const left = this.#toldCommands?.takeLeft() ?? [];
    if (this.device && left.length > 0) await this.#parts.commands.sent(this.device.id, left);
  }

  #count({ what, why, bytes }: Omit<Extract<Effect, { do: 'count' }>, 'do'>): void {
    this.#counts.oddities[what]++;
    const monotonic = this.#parts.clock.monotonic();
    if (monotonic - this.#loggedAt < LOG_EVERY) return;
    this.#loggedAt = monotonic;
    this.#log('warn', 'odd data from a device', { kind: what, why, bytes: bytes ? hexForLog(bytes) : null });
  }

  /** Carries something out behind all that this connection had under way; barriers that come later wait for it. */
  #task(task: () => Promise<void>): void {
    this.#tasks++;
    if (this.#tasks >= MAX_TASKS) this.#pause('tasks', true);
    this.#lastTask = this.#lastTask
      .then(() => (this.#socket.destroyed ? undefined : task()))
      .catch((error: unknown) => {
        // What the device confirmed may be lost now, so nothing behind it may be answered.
        this.#log('error', 'connection given up', { error: error instanceof Error ? error.message : String(error) });
        this.destroy('an error inside');
      })
      .then(() => {
        this.#tasks--;
        if (this.#tasks < MAX_TASKS) this.#pause('tasks', false);
        this.#endWhenDone();
      });
  }

  #send(bytes: Uint8Array): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#sentAt = this.#parts.clock.monotonic();
    this.#socket.write(bytes);
    if (this.#socket.writableLength > this.#parts.limits.unsentBytes) {
      this.#log('warn', 'device does not take what it is sent', { unsent: this.#socket.writableLength });
      this.destroy('the device does not read');
    }
  }

  #pause(reason: keyof typeof PAUSED, paused: boolean): void {
    const before = this.#paused;
    this.#paused = paused ? before | PAUSED[reason] : before & ~PAUSED[reason];
    if (before === 0 && this.#paused !== 0) this.#socket.pause();
    else if (before !== 0 && this.#paused === 0) this.#socket.resume();
  }

  /** Why the connection ends or ended. */
  get endedBecause(): string {
    return this.#finishing ?? 'lost';
  }

  /** Whether the socket is not read at the moment. */
  get paused(): boolean {
    return this.#paused !== 0;
  }

  #endWhenDone(): void {
    if (this.#finishing === null || this.#tasks > 0 || this.#answers.waiting > 0) return;
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    this.#socket.end();
    // Reads and drops what still comes, so that the peer's end arrives.
    this.#socket.resume();
    this.#socket.setTimeout(LINGER, () => this.#socket.destroy());
  }

  #gone(): void {
    this.#answers.drop();
    this.#parts.connections.remove(this);
    if (this.device)
      writeHeld(this.#parts, this.device).catch((error: unknown) => {
        this.#log('error', 'the connection is still listed', { error: error instanceof Error ? error.message : error });
      });
    this.#counts.open--;
    recordEvent(this.#parts, this, 'device_disconnected');
    this.#log('debug', 'connection closed', { why: this.endedBecause });
    this.#isGone = true;
    this.#closed?.();
  }

  #log(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>): void {
    const log: Logger = this.#parts.log;
    log[level]({ connection: this.id, protocol: this.protocol.name, source: this.source, ...fields }, message);
  }
}
