/** Files: binary content on a node of the registry, in blocks. */
import { Readable, type Writable } from 'node:stream';
import { createOrdering } from '../registry/ordering.js';
import type { Registry } from '../registry/registry.js';
import type { Store } from '../store/store.js';
import { BlockWriter } from './block-writer.js';
import { type Blocks, openBlocks } from './blocks.js';

/** Bytes in a block of a new file. */
export const BLOCK_SIZE = 512 * 1024;

export interface FileFacts {
  readonly name: string;
  /** Media type. */
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly blockSize: number;
}

/** What is wrong with an operation on a file: `code` is stable, the message is for a person. */
export class FileError extends Error {
  constructor(
    readonly code: 'not_found' | 'invalid_range',
    message: string,
  ) {
    super(message);
    this.name = 'FileError';
  }
}

export interface Files {
  /** Takes the content of a file, new or in place of the old one; `finish` comes when all of it is durable. */
  create(path: string, file: { readonly name: string; readonly type: string }): Writable;
  /** Bytes from `start` (0) to `end`, inclusive as with Node.js (to the last). Errors with `FileError` `not_found`. */
  read(path: string, range?: { readonly start?: number; readonly end?: number }): Readable;
  /** At most `size` bytes from `offset`; fewer at the end of the file, none behind it. */
  readAt(path: string, offset: number, size: number): Promise<Uint8Array>;
  /** Writes in the midst of a file or behind its end; a gap reads as zeros. */
  writeAt(path: string, offset: number, bytes: Uint8Array): Promise<void>;
  /** Undefined where there is no file. */
  stat(path: string): Promise<FileFacts | undefined>;
  /** Cuts a file, or extends it with zeros. */
  truncate(path: string, size: number): Promise<void>;
}

export function openFiles(
  registry: Registry,
  store: Store,
  { blockSize = BLOCK_SIZE }: { readonly blockSize?: number } = {},
): Files {
  const ordering = createOrdering();

  async function stat(path: string): Promise<FileFacts | undefined> {
    const values = (await registry.get(path))?.values;
    return values?.get(IS_FILE) === '1' ? factsOf(path, values) : undefined;
  }

  async function found(path: string): Promise<FileFacts & { readonly blocks: Blocks }> {
    const facts = await stat(path);
    if (!facts) throw new FileError('not_found', `No file at ${path}`);
    return { ...facts, blocks: openBlocks(store, path, facts.blockSize) };
  }

  /** While its content is written there is no file: half of one is never taken for a whole one. */
  function create(path: string, { name, type }: { readonly name: string; readonly type: string }): Writable {
    const blocks = openBlocks(store, path, blockSize);
    return new BlockWriter({
      blocks,
      begin: () => ordering.settle(path, () => registry.unset(path, [IS_FILE])),
      finish: (size) =>
        ordering.settle(path, async () => {
          await blocks.deleteFrom(Math.ceil(size / blockSize));
          const sizes = { [SIZE]: String(size), [FILE_BLOCK_SIZE]: String(blockSize) };
          await registry.set(path, { [IS_FILE]: '1', [NAME]: name, [TYPE]: type, ...sizes });
        }),
    });
  }

  function read(path: string, { start = 0, end = Number.MAX_SAFE_INTEGER } = {}): Readable {
    return Readable.from(pieces(path, start, end), { objectMode: false });
  }

  async function* pieces(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    checkOffset('start', start);
    if (end < start - 1) throw new FileError('invalid_range', `Invalid end: ${end}, expected at least ${start - 1}`);
    const file = await found(path);
    const stop = Math.min(file.size, end + 1);
    for (let at = start; at < stop; ) {
      const next = Math.min(stop, at - (at % file.blockSize) + file.blockSize);
      yield await file.blocks.read(at, next - at);
      at = next;
    }
  }

  async function readAt(path: string, offset: number, size: number): Promise<Uint8Array> {
    checkOffset('offset', offset);
    checkOffset('size', size);
    const file = await found(path);
    return file.blocks.read(offset, Math.max(0, Math.min(size, file.size - offset)));
  }

  function writeAt(path: string, offset: number, bytes: Uint8Array): Promise<void> {
    return ordering.settle(path, async () => {
      checkOffset('offset', offset);
      const file = await found(path);
      await file.blocks.write(offset, bytes);
      const size = Math.max(file.size, offset + bytes.length);
      if (size !== file.size) await registry.set(path, { [SIZE]: String(size) });
    });
  }

  function truncate(path: string, size: number): Promise<void> {
    return ordering.settle(path, async () => {
      checkOffset('size', size);
      const file = await found(path);
      // The size first: interrupted here, bytes lie behind the end, where nobody reads them.
      if (size < file.size) await registry.set(path, { [SIZE]: String(size) });
      await file.blocks.cut(Math.min(size, file.size));
      if (size > file.size) await registry.set(path, { [SIZE]: String(size) });
    });
  }

  return { create, read, readAt, writeAt, stat, truncate };
}

const IS_FILE = '.is_file';
const NAME = 'fname';
const TYPE = 'ftype';
const SIZE = 'fsize';
const FILE_BLOCK_SIZE = 'blsize';

function factsOf(path: string, values: ReadonlyMap<string, string>): FileFacts {
  return {
    name: values.get(NAME) ?? '',
    type: values.get(TYPE) ?? 'application/octet-stream',
    size: wholeNumber(path, SIZE, values.get(SIZE) ?? '0'),
    blockSize: wholeNumber(path, FILE_BLOCK_SIZE, values.get(FILE_BLOCK_SIZE) ?? String(BLOCK_SIZE)),
  };
}

function wholeNumber(path: string, name: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && (value > 0 || name !== FILE_BLOCK_SIZE)) return value;
  throw new Error(`The file at ${path} has ${name} = ${JSON.stringify(text)}, expected a whole number`);
}

function checkOffset(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new FileError('invalid_range', `Invalid ${what}: ${value}, expected a whole number of bytes from 0`);
}
