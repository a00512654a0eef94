import type { Device } from './device.js';

/** Devices as a whole. Every change resolves when it is durable; one that cannot be made rejects with a `Refusal`. */
export interface Devices {
  /** The device of this UUID or ident, deleted ones too. */
  find(idOrIdent: string): Promise<Device | undefined>;
  get(id: string): Promise<Device | undefined>;
  byIdent(ident: string): Promise<Device | undefined>;
  /**
   * A page in the order of idents, those after the ident `after`; `deleted`: those marked as deleted instead of the
   * others. `next` is the `after` of the next page, null at the end.
   */
  list(query: { after?: string | undefined; limit: number; deleted?: boolean | undefined }): Promise<DevicePage>;
  /** Makes a device of this ident, or gives (restored, if it was deleted) the one that has it. */
  create(ident: string): Promise<Device>;
  /** Domain and owner are UUIDs or names; null takes the value away. */
  update(id: string, changes: DeviceChanges): Promise<Device>;
  /** Marks a device as deleted: it keeps its ident, settings and readings. */
  delete(id: string): Promise<Device>;
  restore(id: string): Promise<Device>;
}

export interface DevicePage {
  readonly devices: readonly Device[];
  readonly next: string | null;
}

export interface DeviceChanges {
  readonly name?: string | null | undefined;
  readonly domain?: string | null | undefined;
  readonly owner?: string | null | undefined;
}
