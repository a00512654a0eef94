/** Where the store is chosen: the only importer of a backend. */
import type { Store } from './store.js';

export interface StoreOptions {
  /** Where the data lies; made when it does not exist. */
  readonly directory: string;
  /** The most the data may take, in bytes (address space that is reserved, not disk). */
  readonly mapSize?: number;
  /** UNIX ms, for what is expired. */
  readonly now?: () => number;
}

/** Why a store cannot be opened; the message is for the operator. */
export class StoreNotOpened extends Error {
  constructor(
    readonly code: 'in_use' | 'newer_layout' | 'foreign' | 'damaged' | 'full',
    message: string,
  ) {
    super(message);
    this.name = 'StoreNotOpened';
  }
}

/** Opens the data on this machine; rejects with `StoreNotOpened`. */
export async function openStore(_options: StoreOptions): Promise<Store> {
  throw new Error('not built yet');
}
