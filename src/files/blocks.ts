/** The blocks of one file as one stretch of bytes. A block that is missing, or shorter than it may be, ends in zeros. */
import type { Store } from '../store/store.js';

export interface Blocks {
  readonly blockSize: number;
  /** `size` bytes from `offset`; what was never written reads as zeros. */
  read(offset: number, size: number): Promise<Uint8Array>;
  /** Resolves when the bytes are durable. */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Removes all bytes from `size` on: should the file grow again, they are zeros. */
  cut(size: number): Promise<void>;
  /** Deletes the blocks from number `first` on. */
  deleteFrom(first: number): Promise<void>;
}

export function openBlocks(store: Store, path: string, blockSize: number): Blocks {
  const block = async (number: number) => (await store.block(path, number)) ?? NOTHING;
  const put = (number: number, data: Uint8Array) => store.write([{ write: 'block', path, block: number, data }]);

  async function read(offset: number, size: number): Promise<Uint8Array> {
    const bytes = Buffer.alloc(size);
    for (let done = 0; done < size; ) {
      const at = (offset + done) % blockSize;
      const length = Math.min(blockSize - at, size - done);
      bytes.set((await block(Math.floor((offset + done) / blockSize))).subarray(at, at + length), done);
      done += length;
    }
    return bytes;
  }

  async function write(offset: number, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const number = Math.floor((offset + done) / blockSize);
      const at = (offset + done) % blockSize;
      const piece = bytes.subarray(done, done + blockSize - at);
      await put(number, piece.length === blockSize ? piece : patched(await block(number), at, piece));
      done += piece.length;
    }
  }

  async function cut(size: number): Promise<void> {
    const first = Math.ceil(size / blockSize);
    await deleteFrom(first);
    const left = size % blockSize;
    if (left === 0) return;
    const last = await block(first - 1);
    if (last.length > left) await put(first - 1, last.subarray(0, left));
  }

  function deleteFrom(first: number): Promise<void> {
    return store.write([{ write: 'deleteBlocks', path, from: first }]);
  }

  return { blockSize, read, write, cut, deleteFrom };
}

/** A block with some of its bytes in place of those it had. */
function patched(before: Uint8Array, at: number, bytes: Uint8Array): Uint8Array {
  const block = Buffer.alloc(Math.max(before.length, at + bytes.length));
  block.set(before);
  block.set(bytes, at);
  return block;
}

const NOTHING = new Uint8Array();
