import type { Device } from './device.js';
import type { Caller } from './provisioning.js';

/** Idents that were refused because they are not known, until somebody admits or dismisses them. */
export interface WaitingRoom {
  /** All that wait, the last attempt first. */
  list(): Promise<readonly Waiting[]>;
  /** Makes the device, so that its next attempt is accepted. Whoever does not wait is refused as unknown. */
  admit(ident: string): Promise<Device>;
  /** Forgets an ident; resolves to whether it was there. */
  dismiss(ident: string): Promise<boolean>;
  /** Notes an attempt. */
  note(ident: string, from: Caller): Promise<void>;
}

export interface Waiting {
  readonly ident: string;
  /** Protocol and source (`address:port`) of the last attempt. */
  readonly protocol: string;
  readonly source: string;
  /** First and last attempt, UNIX ms. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
}
