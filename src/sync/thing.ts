/** What a row and a document are the same of. */
import type { Field } from './columns.js';
import { isSame } from './columns.js';

export interface Thing {
  /** When it was changed last, UNIX microseconds: the greater one wins. */
  readonly version: number;
  /** Whether it is a tombstone; it has no fields then. */
  readonly deleted: boolean;
  /** By the name of the field; what is null is there as null. */
  readonly fields: ReadonlyMap<string, Field>;
}

/** Whether two say the same, whenever they were said. */
export function saysTheSame(a: Thing, b: Thing): boolean {
  if (a.deleted || b.deleted) return a.deleted === b.deleted;
  return [...a.fields].every(([name, field]) => isSame(field, b.fields.get(name) ?? null));
}

export function tombstone(version: number): Thing {
  return { version, deleted: true, fields: new Map() };
}
