/** Each kind of write as rows put and removed. */
import type { DeleteReadings, ReadingWrite, Write } from '../store.js';
import { NODE_DELETED } from '../store.js';
import type { CommitSize, Database, Rows } from './commit.js';
import {
  blockKey,
  blockKeysFrom,
  childKey,
  deletedKey,
  expiryKey,
  type KeyRange,
  nameIn,
  nodeKey,
  nodeKeys,
  numberKeys,
  readingKey,
  readingKeys,
  valueKey,
} from './keys.js';
import { periodNumber } from './periods.js';
import { encodeReadingValue } from './reading-value.js';
import type { SeriesNumber, SeriesNumbers } from './series-numbers.js';

/** Writes that look for the rows they delete, and so must see what was written before them. */
export function looksForRows(write: Write): boolean {
  return write.write === 'deleteReadings' || write.write === 'deleteBlocks' || write.write === 'deleteNode';
}

export interface Writer {
  write(write: Write, rows: Rows): void;
  /** Told when all that was written is durable. */
  committed(): void;
}

/** Writes one batch. */
export function createWriter(db: Database, numbers: SeriesNumbers): Writer {
  const fresh = new Set<SeriesNumber>();

  function write(one: Write, rows: Rows): void {
    switch (one.write) {
      case 'reading':
        putReading(one, rows);
        break;
      case 'deleteReadings':
        deleteReadings(one, rows);
        break;
      case 'status':
        rows.put(nodeKey(one.path), Buffer.of(one.status));
        if (one.status === NODE_DELETED) rows.put(deletedKey(one.path), NOTHING);
        else rows.remove(deletedKey(one.path));
        break;
      case 'value':
        rows.put(valueKey(one.path, one.name), Buffer.from(one.value));
        break;
      case 'deleteValue':
        rows.remove(valueKey(one.path, one.name));
        break;
      case 'child':
        rows.put(childKey(one.path, one.name), NOTHING);
        break;
      case 'deleteChild':
        rows.remove(childKey(one.path, one.name));
        break;
      case 'block':
        // Copied: the caller may use its bytes again before they are on disk.
        rows.put(blockKey(one.path, one.block), Buffer.from(one.data));
        break;
      case 'deleteBlocks':
        removeAll(blockKeysFrom(one.path, one.from), rows);
        break;
      case 'deleteNode':
        removeAll(nodeKeys(one.path), rows);
        rows.remove(deletedKey(one.path));
        break;
    }
  }

  function putReading(reading: ReadingWrite, rows: Rows): void {
    const entry = numbers.forWriting(reading.id, reading.type);
    if (entry.undurableKey !== null && !fresh.has(entry)) {
      for (const [key, value] of numbers.rowsOf(entry)) rows.put(key, value);
      fresh.add(entry);
    }
    const key = readingKey(entry.number, periodNumber(reading.period), reading.time);
    rows.put(key, encodeReadingValue(reading.received, reading.expires, reading.data));
    if (reading.expires) rows.put(expiryKey(reading.expires, key), NOTHING);
  }

  function deleteReadings({ id, type, period, from, to }: DeleteReadings, rows: Rows): void {
    const types = type === undefined ? [...db.getKeys(numberKeys(id))].map(nameIn) : [type];
    for (const each of types) {
      const entry = numbers.find(id, each);
      if (entry) removeAll(readingKeys(entry.number, periodNumber(period), from, to), rows);
    }
  }

  function removeAll(range: KeyRange, rows: Rows): void {
    // Collected first: a cursor does not stand still while rows vanish under it.
    for (const key of [...db.getKeys(range)]) rows.remove(key);
  }

  return { write, committed: () => numbers.committed(fresh) };
}

/** What a batch needs on disk, for telling a full disk from a broken one. */
export function sizeOf(batch: readonly Write[]): CommitSize {
  let bytes = 0;
  for (const one of batch) {
    if (one.write === 'reading') bytes += one.data.length;
    else if (one.write === 'block') bytes += one.data.byteLength;
    else if (one.write === 'value') bytes += one.value.length;
  }
  return { rows: batch.length, bytes };
}

const NOTHING = Buffer.alloc(0);
