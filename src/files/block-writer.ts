/** A stream into the blocks of a file: one block at a time is in memory, and written before more is taken. */
import { Writable } from 'node:stream';
import type { Blocks } from './blocks.js';

export interface BlockWriterOptions {
  readonly blocks: Blocks;
  /** Called before the first block is written. */
  readonly begin: () => Promise<void>;
  /** Called when all blocks are durable, with the size in bytes. */
  readonly finish: (size: number) => Promise<void>;
}

type Done = (error?: Error | null) => void;

export class BlockWriter extends Writable {
  readonly #options: BlockWriterOptions;
  readonly #pending: Buffer;
  #pendingLength = 0;
  #written = 0;

  constructor(options: BlockWriterOptions) {
    super({ decodeStrings: true, highWaterMark: options.blocks.blockSize });
    this.#options = options;
    this.#pending = Buffer.alloc(options.blocks.blockSize);
  }

  override _construct(done: Done): void {
    settle(this.#options.begin(), done);
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: Done): void {
    settle(this.#take(chunk), done);
  }

  override _final(done: Done): void {
    settle(this.#end(), done);
  }

  async #take(chunk: Buffer): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      const copied = chunk.copy(this.#pending, this.#pendingLength, at);
      at += copied;
      this.#pendingLength += copied;
      if (this.#pendingLength === this.#pending.length) await this.#flush();
    }
  }

  async #end(): Promise<void> {
    if (this.#pendingLength > 0) await this.#flush();
    await this.#options.finish(this.#written);
  }

  async #flush(): Promise<void> {
    const { blocks } = this.#options;
    const bytes = this.#pending.subarray(0, this.#pendingLength);
    // What a file before had behind the end of a short block must not show in this one.
    if (bytes.length < blocks.blockSize) await blocks.deleteFrom(this.#written / blocks.blockSize);
    await blocks.write(this.#written, bytes);
    this.#written += bytes.length;
    this.#pendingLength = 0;
  }
}

function settle(promise: Promise<void>, done: Done): void {
  promise.then(
    () => done(),
    (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
  );
}
