/** A device as a test holds it: the device side of a protocol on a real socket. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { DeviceEvent, DeviceSide, Protocol } from '../../protocols/protocol.js';

/** Milliseconds that what must come may take, on a machine with much else to do. */
const PATIENTLY = 20_000;

export class DeviceOnASocket {
  readonly side: DeviceSide;
  readonly socket: Socket;
  /** What the device heard and nobody waited for yet. */
  readonly heard: DeviceEvent[] = [];
  /** All bytes that came. */
  received = Buffer.alloc(0);
  closed = false;
  #waiting: (() => void)[] = [];

  private constructor(protocol: Protocol, socket: Socket) {
    this.side = protocol.device();
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.heard.push(...this.side.receive(bytes));
      this.#wake();
    });
    socket.on('close', () => {
      this.closed = true;
      this.#wake();
    });
    socket.on('error', () => {});
  }

  static async connect(protocol: Protocol, port: number): Promise<DeviceOnASocket> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    return new DeviceOnASocket(protocol, socket);
  }

  /** Connects and identifies. */
  static async identified(protocol: Protocol, port: number, ident: string): Promise<DeviceOnASocket> {
    const device = await DeviceOnASocket.connect(protocol, port);
    device.send(device.side.identify(ident));
    const { accepted } = await device.hears('identified');
    if (!accepted) throw new Error(`${ident} was refused`);
    return device;
  }

  send(...parts: (Uint8Array | string)[]): void {
    for (const part of parts) this.socket.write(part);
  }

  /** Resolves to the next event of a kind, dropping what came before it. */
  async hears<K extends DeviceEvent['event']>(
    kind: K,
    timeoutMs = PATIENTLY,
  ): Promise<Extract<DeviceEvent, { event: K }>> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const at = this.heard.findIndex((event) => event.event === kind);
      if (at >= 0) {
        const found = this.heard.splice(0, at + 1).at(-1);
        return found as Extract<DeviceEvent, { event: K }>;
      }
      if (this.closed) throw new Error(`closed before ${kind} was heard`);
      await this.#next(deadline, kind);
    }
  }

  /** Resolves to the very next event. */
  async next(timeoutMs = PATIENTLY): Promise<DeviceEvent> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const event = this.heard.shift();
      if (event) return event;
      if (this.closed) throw new Error('closed');
      await this.#next(deadline, 'an event');
    }
  }

  /** Sends a barrier and resolves when it is answered. */
  async barrier(n = 1): Promise<void> {
    this.send(this.side.barrier(n));
    for (;;) if ((await this.hears('barrier')).n === n) return;
  }

  /** Resolves to all received bytes once they contain `part`. */
  async receives(part: string | Uint8Array, timeoutMs = PATIENTLY): Promise<Buffer> {
    const deadline = Date.now() + timeoutMs;
    while (!this.received.includes(Buffer.from(part))) {
      if (this.closed) throw new Error(`closed before ${JSON.stringify(part)}; got ${JSON.stringify(this.text)}`);
      await this.#next(deadline, JSON.stringify(part));
    }
    return this.received;
  }

  get text(): string {
    return this.received.toString('latin1');
  }

  async isClosed(timeoutMs = PATIENTLY): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    while (!this.closed) await this.#next(deadline, 'the close');
  }

  end(): void {
    this.socket.destroy();
  }

  #next(deadline: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${what} did not come; got ${JSON.stringify(this.text)}`)),
        Math.max(1, deadline - Date.now()),
      );
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
