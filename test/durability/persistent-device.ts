/**
 * A device as the field has them: it numbers its readings, keeps each until a barrier behind it is answered, and sends
 * what it kept again when it has connected anew. What it may forget is its ledger of what must be stored.
 */
import type { DeviceSide, Protocol } from '../../protocols/protocol.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';

/** Readings between two barriers. */
const BATCH = 10;
/** UNIX ms of reading 0; each reading is dated one second later. */
const FIRST_DATE = Date.UTC(2026, 0, 1);
/** Degrees that a location may differ by: what the coarsest protocol rounds to. */
const CLOSE = 1e-5;

export class PersistentDevice {
  readonly ident: string;
  readonly protocol: Protocol;
  /** Numbers of the readings that were acknowledged, all below it. */
  acknowledged = 0;
  /** One more than the highest number ever sent. */
  sent = 0;
  /** Settings and commands whose acknowledgement was itself acknowledged by a barrier. */
  readonly settings = new Map<string, string>();
  readonly commands = new Map<string, string | null>();
  readonly #reportsPlaces: boolean;
  #barrier = 0;

  constructor(protocol: Protocol, ident: string) {
    this.protocol = protocol;
    this.ident = ident;
    this.#reportsPlaces = protocol.lacks.includes('readings');
  }

  static date(n: number): number {
    return FIRST_DATE + n * 1_000;
  }

  /** The type of its readings: values, or locations where the protocol has nothing else. */
  get type(): string {
    return this.#reportsPlaces ? 'sen:loc' : 'sen:temp';
  }

  /** Whether this is the data of its reading of that number. */
  isReading(n: number, data: unknown): boolean {
    if (!this.#reportsPlaces) return data === value(n);
    const { lat, lon } = placeOf(n);
    if (typeof data !== 'object' || data === null || !('lat' in data) || !('lon' in data)) return false;
    return Math.abs(Number(data.lat) - lat) < CLOSE && Math.abs(Number(data.lon) - lon) < CLOSE;
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
    const commands = new Map<string, string | null>();
    for (const event of device.heard.splice(0)) {
      if (event.event === 'setting') {
        settings.set(event.name, event.value);
        device.send(side.settingReported(event.name, event.value));
      } else if (event.event === 'command') {
        const response = this.protocol.lacks.includes('responses') ? null : `did ${event.text}`;
        commands.set(event.text, response);
        device.send(side.commandDone(event.id, response));
      }
    }
    const end = this.acknowledged + BATCH;
    for (let n = this.acknowledged; n < end; n++) {
      this.sent = Math.max(this.sent, n + 1);
      device.send(this.#report(side, n));
    }
    this.#barrier = (this.#barrier + 1) % 256;
    device.send(side.barrier(this.#barrier));
    await this.#answered(device);
    this.acknowledged = end;
    for (const [name, value] of settings) this.settings.set(name, value);
    for (const [text, response] of commands) this.commands.set(text, response);
  }

  #report(side: DeviceSide, n: number): Uint8Array {
    const time = PersistentDevice.date(n);
    return this.#reportsPlaces ? side.location({ time, ...placeOf(n) }) : side.reading(this.type, value(n), time);
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

function value(n: number): string {
  return `v${n}`;
}

/** A place for each number, and none twice within a hundred million. */
function placeOf(n: number): { lat: number; lon: number } {
  return { lat: (Math.floor(n / 10_000) % 10_000) / 1_000 + 40, lon: (n % 10_000) / 1_000 - 20 };
}
