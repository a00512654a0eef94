/** Files: binary content on a node of the registry, in blocks. */
import type { Readable, Writable } from 'node:stream';
import type { Registry } from '../registry/registry.js';
import type { Store } from '../store/store.js';

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

export function openFiles(_registry: Registry, _store: Store, _options?: { readonly blockSize?: number }): Files {
  throw new Error('not built yet');
}
