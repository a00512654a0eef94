import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FileError, type Files } from '../files/files.js';
import { decodeName, path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import { Refusal } from './refusal.js';
import { checkWord, nameProblem } from './text.js';
import type { Turns } from './turns.js';

/** Files for devices, by name. */
export interface Firmware {
  /** In the order of names. */
  list(): Promise<FirmwareFile[]>;
  find(name: string): Promise<FirmwareFile | null>;
  /** Up to `size` bytes from `offset`, fewer at the end, none past it; null: no such file. */
  readAt(name: string, offset: number, size: number): Promise<Uint8Array | null>;
  /** Stores content under a name, in place of what had it; resolves when it is durable. */
  add(name: string, content: AsyncIterable<Uint8Array>): Promise<FirmwareFile>;
  /** Resolves to whether there was such a file. */
  remove(name: string): Promise<boolean>;
}

export interface FirmwareFile {
  readonly name: string;
  /** UUID; other content is another id. */
  readonly id: string;
  /** Bytes. */
  readonly size: number;
}

/** Firmware files at the most. */
export const MAX_FIRMWARE_FILES = 1_000;

const CONTENT_TYPE = 'application/octet-stream';

export interface FirmwareOptions {
  readonly registry: Registry;
  readonly files: Files;
  readonly turns: Turns;
  /** A new UUID. */
  readonly newId: () => string;
}

/** Content lies at `/firmware/<id>/file/`, `/firmware/by-name/<name>/` holds the id. */
export function openFirmware({ registry, files, turns, newId }: FirmwareOptions): Firmware {
  async function idOf(name: string): Promise<string | undefined> {
    if (nameProblem('name of a firmware', name) !== null) return undefined;
    return (await registry.get(namePath(name)))?.values.get('id');
  }

  async function find(name: string): Promise<FirmwareFile | null> {
    const id = await idOf(name);
    const file = id === undefined ? undefined : await files.stat(contentPath(id));
    return id === undefined || !file ? null : { name, id, size: file.size };
  }

  async function readAt(name: string, offset: number, size: number): Promise<Uint8Array | null> {
    const id = await idOf(name);
    if (id === undefined) return null;
    try {
      return await files.readAt(contentPath(id), offset, size);
    } catch (error) {
      if (error instanceof FileError && error.code === 'not_found') return null;
      throw error;
    }
  }

  async function names(): Promise<string[]> {
    return (await registry.children(path('firmware', 'by-name'), { limit: MAX_FIRMWARE_FILES })).map(decodeName);
  }

  async function add(name: string, content: AsyncIterable<Uint8Array>): Promise<FirmwareFile> {
    checkWord('name of a firmware', name);
    const id = newId();
    try {
      const target = files.create(contentPath(id), { name, type: CONTENT_TYPE });
      await pipeline(Readable.from(content, { objectMode: false }), target);
      return await turns('firmware', () => put(name, id));
    } catch (error) {
      // Half of a firmware must not stay. Its node is made at the end, so nothing above leads to its blocks before.
      await registry.remove(contentPath(id));
      await registry.remove(path('firmware', id));
      throw error;
    }
  }

  /** The name stands for the new content from one moment to the next; a device in the midst of the old one sees its id go. */
  async function put(name: string, id: string): Promise<FirmwareFile> {
    const before = await idOf(name);
    if (before === undefined && (await names()).length >= MAX_FIRMWARE_FILES)
      throw new Refusal('full', `Too many firmware files: there are ${MAX_FIRMWARE_FILES} already`);
    await registry.set(namePath(name), { id });
    if (before !== undefined) await registry.remove(path('firmware', before));
    const file = await find(name);
    if (!file) throw new Error(`the firmware ${name} that was just written is not there`);
    return file;
  }

  function remove(name: string): Promise<boolean> {
    return turns('firmware', async () => {
      const id = await idOf(name);
      if (id === undefined) return false;
      await registry.remove(namePath(name));
      await registry.remove(path('firmware', id));
      return true;
    });
  }

  return {
    list: async () => (await Promise.all((await names()).map(find))).filter((file) => file !== null),
    find,
    readAt,
    add,
    remove,
  };
}

function namePath(name: string): string {
  return path('firmware', 'by-name', name);
}

function contentPath(id: string): string {
  return path('firmware', id, 'file');
}
