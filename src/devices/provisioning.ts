import type { Device } from './device.js';

/** Who may identify as what. */
export interface Provisioning {
  /**
   * Takes a device that says who it is; resolves when the device is durable. Rejects only when the store failed: then
   * nothing may be answered.
   */
  identify(ident: string, from: Caller): Promise<Identification>;
}

/** Where an identification comes from: the protocol's name, and `address:port`. */
export interface Caller {
  readonly protocol: string;
  readonly source: string;
}

export type Identification =
  | { readonly accepted: true; readonly device: Device }
  /** `malformed`: no ident; `unknown`: waits to be admitted; `limit`: too many new devices from this address. */
  | { readonly accepted: false; readonly reason: 'malformed' | 'unknown' | 'limit'; readonly why: string };

/** `auto`: every device, new ones are created; `known`: only known ones, the others wait to be admitted. */
export type Policy = 'auto' | 'known';
