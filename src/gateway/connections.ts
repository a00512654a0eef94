import type { Connection } from './connection.js';

/** Which connections this gateway holds, and which of them speak for which device. */
export class Connections {
  readonly #connections = new Map<number, Connection>();
  // Nearly every device has one connection, and a list of one is small.
  readonly #byDevice = new Map<string, readonly Connection[]>();
  readonly #byAddress = new Map<string, number>();

  add(connection: Connection): void {
    this.#connections.set(connection.id, connection);
    this.#byAddress.set(connection.address, this.fromAddress(connection.address) + 1);
  }

  identified(connection: Connection, deviceId: string): void {
    this.#byDevice.set(deviceId, [...this.of(deviceId), connection]);
  }

  /** Forgets that a connection speaks for a device. */
  unidentified(connection: Connection, deviceId: string): void {
    const others = this.of(deviceId).filter((one) => one !== connection);
    if (others.length > 0) this.#byDevice.set(deviceId, others);
    else this.#byDevice.delete(deviceId);
  }

  remove(connection: Connection): void {
    if (!this.#connections.delete(connection.id)) return;
    if (connection.device) this.unidentified(connection, connection.device.id);
    const left = this.fromAddress(connection.address) - 1;
    if (left > 0) this.#byAddress.set(connection.address, left);
    else this.#byAddress.delete(connection.address);
  }

  /** How many connections an address has open. */
  fromAddress(address: string): number {
    return this.#byAddress.get(address) ?? 0;
  }

  get(connectionId: number): Connection | undefined {
    return this.#connections.get(connectionId);
  }

  of(deviceId: string): readonly Connection[] {
    return this.#byDevice.get(deviceId) ?? [];
  }

  all(): Iterable<Connection> {
    return this.#connections.values();
  }

  get size(): number {
    return this.#connections.size;
  }
}
