/** What a column holds as a document's field, and back: both sides are compared in the form of the field. */

/** What a document holds in a field. */
export type Field = null | boolean | number | string | readonly Field[] | { readonly [name: string]: Field };

/** Types of columns that can be paired with a field. */
export const COLUMN_TYPES = [
  'text',
  'int',
  'bigint',
  'float',
  'double',
  'boolean',
  'timestamp',
  'uuid',
  'timeuuid',
  'json',
  'list<text>',
  'set<text>',
  'map<text, text>',
] as const;
export type ColumnType = (typeof COLUMN_TYPES)[number];

/** Whether a column holds many cells, each with a time of its own. */
export function isCollection(type: ColumnType): boolean {
  return type.endsWith('>');
}

/** A value that the other side has no room for: the message says which and why. */
export class NotFitting extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NotFitting';
  }
}

/** The field of a column's value, as the driver gives it. */
export function toField(type: ColumnType, value: unknown): Field {
  if (value === null || value === undefined) return null;
  return toColumn(type, type === 'json' ? parsed(value) : plain(value)).field;
}

/**
 * The value that the driver takes for a column, and the field that the column is read back as. Throws `NotFitting`.
 */
export function toColumn(type: ColumnType, field: unknown): { readonly value: unknown; readonly field: Field } {
  if (field === null || field === undefined) return { value: null, field: null };
  const same = (value: Field) => ({ value, field: value });
  switch (type) {
    case 'text':
      return same(text(field));
    case 'boolean':
      if (typeof field !== 'boolean') throw refusal(field, 'true or false');
      return same(field);
    case 'int':
      return same(whole(field, 2 ** 31));
    case 'bigint':
      return bigint(field);
    case 'float':
      return same(Math.fround(number(field)));
    case 'double':
      return same(number(field));
    case 'timestamp':
      return timestamp(field);
    case 'uuid':
    case 'timeuuid':
      return same(uuid(field));
    case 'json':
      return { value: JSON.stringify(field), field: inOrder(field) };
    case 'list<text>':
      return list(field);
    case 'set<text>':
      return list(Array.isArray(field) ? [...new Set(field)].sort() : field);
    case 'map<text, text>':
      return map(field);
  }
}

/** Whether two fields are the same, in whatever order their names are. */
export function isSame(a: Field, b: Field): boolean {
  return JSON.stringify(inOrder(a)) === JSON.stringify(inOrder(b));
}

function text(field: unknown): string {
  if (typeof field === 'string') return field;
  if (typeof field === 'number' || typeof field === 'boolean') return String(field);
  throw refusal(field, 'a text');
}

function number(field: unknown): number {
  const value = typeof field === 'string' && field.trim() !== '' ? Number(field) : field;
  if (typeof value !== 'number' || !Number.isFinite(value)) throw refusal(field, 'a number');
  // The document has no negative zero.
  return value + 0;
}

function whole(field: unknown, bound: number): number {
  const value = number(field);
  if (!Number.isInteger(value) || value < -bound || value >= bound)
    throw refusal(field, `a whole number from ${-bound} to ${bound - 1}`);
  return value;
}

/** Numbers beyond those that JSON carries exactly are texts in the document. */
function bigint(field: unknown) {
  const digits = typeof field === 'number' && Number.isInteger(field) ? field.toFixed() : field;
  if (typeof digits !== 'string' || !/^-?\d{1,19}$/.test(digits)) throw refusal(field, 'a whole number of 64 bits');
  const value = BigInt(digits);
  if (value !== BigInt.asIntN(64, value)) throw refusal(field, 'a whole number of 64 bits');
  const asNumber = Number(value);
  return { value: String(value), field: Number.isSafeInteger(asNumber) ? asNumber : String(value) };
}

function timestamp(field: unknown) {
  const date = typeof field === 'string' || typeof field === 'number' ? new Date(field) : new Date(Number.NaN);
  if (Number.isNaN(date.getTime())) throw refusal(field, 'a date in ISO 8601, or UNIX milliseconds');
  return { value: date, field: date.toISOString() };
}

function uuid(field: unknown): string {
  if (typeof field !== 'string' || !isUuid(field)) throw refusal(field, 'a UUID');
  return field.toLowerCase();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a text is a UUID, in lower or upper case. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Cassandra tells an empty collection from none no more than an index does. */
function list(field: unknown) {
  if (!Array.isArray(field)) throw refusal(field, 'a list of texts');
  const texts = field.map(text);
  return texts.length === 0 ? { value: null, field: null } : { value: texts, field: texts };
}

function map(field: unknown) {
  if (typeof field !== 'object' || field === null || Array.isArray(field)) throw refusal(field, 'an object of texts');
  const entries = Object.entries(field)
    .map(([name, value]): [string, string] => [name, text(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.length === 0
    ? { value: null, field: null }
    : { value: new Map(entries), field: Object.fromEntries(entries) };
}

/** The driver's own classes for what JavaScript has no type for. */
function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value) || typeof value !== 'object') return value;
  return String(value);
}

function parsed(value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    return String(value);
  }
}

function inOrder(value: unknown): Field {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, inner]) => [name, inOrder(inner)]),
    );
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

function refusal(field: unknown, takes: string): NotFitting {
  return new NotFitting(`${`${JSON.stringify(field)}`.slice(0, 80)} is not valid, it takes ${takes}`);
}
