/**
 * A device as the field has them: it numbers its readings, keeps each until a barrier behind it is answered, and sends
 * what it kept again when it has connected anew. What it may forget is its ledger of what must be stored.
 */
import type { Protocol } from '../../protocols/protocol.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';

/** Readings between two barriers. */
const BATCH = 10;
/** UNIX ms of reading 0; each reading is dated one second later. */
const FIRST_DATE = Date.UTC(2026, 0, 1);
export const TYPE = 'sen:temp';

export class PersistentDevice {
  readonly ident: string;
  readonly protocol: Protocol;
  /** Numbers of the readings that were acknowledged, all below it. */
  acknowledged = 0;
  /** One more than the highest number ever sent. */
  sent = 0;
  /** Settings and commands whose acknowledgement was itself acknowledged by a barrier. */
  readonly settings = new Map<string, string>();
  readonly commands = new Map<string, string>();
  #barrier = 0;

  constructor(protocol: Protocol, ident: string) {
    this.protocol = protocol;
    this.ident = ident;
  }

  static date(n: number): number {
    return FIRST_DATE + n * 1_000;
  }

  static value(n: number): string {
    return `v${n}`;
  }

  /** Speaks with the gateway until the connection is lost. */
  async run(port: number): Promise<void> {
    let device: DeviceOnASocket;
    try {
      device = await DeviceOnASocket.identified(this.protocol, port, this.ident);
    } catch {
      return;
    }
    try {
      for (;;) await this.#oneBatch(device);
    } catch {
      device.end();
    }
  }

  async #oneBatch(device: DeviceOnASocket): Promise<void> {
    const { side } = device;
    const settings = new Map<string, string>();
    const commands = new Map<string, string>();
    for (const event of device.heard.splice(0)) {
      if (event.event === 'setting') {
        settings.set(event.name, event.value);
        device.send(side.settingReported(event.name, event.value));
      } else if (event.event === 'command') {
        commands.set(event.text, `did ${event.text}`);
        device.send(side.commandDone(event.id, `did ${event.text}`));
      }
    }
    const end = this.acknowledged + BATCH;
    for (let n = this.acknowledged; n < end; n++) {
      this.sent = Math.max(this.sent, n + 1);
      device.send(side.reading(TYPE, PersistentDevice.value(n), PersistentDevice.date(n)));
    }
    this.#barrier = (this.#barrier + 1) % 256;
    device.send(side.barrier(this.#barrier));
    await this.#answered(device);
    this.acknowledged = end;
    for (const [name, value] of settings) this.settings.set(name, value);
    for (const [text, response] of commands) this.commands.set(text, response);
  }

  /** Waits for the barrier's answer and leaves what else was heard for the next batch. */
  async #answered(device: DeviceOnASocket): Promise<void> {
    const others = device.heard.splice(0);
    for (;;) {
      const next = await device.next();
      if (next.event === 'barrier' && next.n === this.#barrier) break;
      others.push(next);
    }
    device.heard.unshift(...others);
  }
}
