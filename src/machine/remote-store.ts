/** The store of another process of this machine: read here, from the same files, and written there. */
import type { LmdbReader } from '../store/open.js';
import { type Store, StoreAway, StoreFailed, StoreFull, type Write } from '../store/store.js';
import { encodeWrites } from '../store/write-codec.js';
import type { OwnerCalls } from './calls.js';
import { CallFailed, type Peer } from './port.js';

/** `reader` reads the owner's files and is closed with this store. */
export function createRemoteStore(reader: LmdbReader, owner: Peer<OwnerCalls>): Store {
  return {
    ...reader,
    async write(batch: readonly Write[]) {
      if (batch.length === 0) return;
      await asked(owner.ask('write', encodeWrites(batch)));
    },
    claim: (path, name, before, value) => asked(owner.ask('claim', { path, name, before, value })),
    // The owner looks after it.
    removeExpired: async () => 0,
  };
}

const ERRORS = { StoreFull, StoreAway, StoreFailed } as const;

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    const Known = Object.entries(ERRORS).find(([name]) => name === error.errorName)?.[1];
    // Without its owner nothing can be known of what is on disk.
    throw new (Known ?? StoreFailed)(error.message);
  }
}
