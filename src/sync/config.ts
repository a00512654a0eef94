/** What is kept in step with what, from a file in YAML: see deploy/sync.example.yaml. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import { CONSISTENCIES } from '../store/consistency.js';
import { COLUMN_TYPES, isCollection } from './columns.js';

const strictly = { additionalProperties: false };
const count = (minimum: number) => Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER });
const seconds = (minimum: number) => Type.Number({ minimum, maximum: 1e9 });
const consistency = Type.Enum(CONSISTENCIES);
const name = Type.String({ minLength: 1, maxLength: 100, pattern: '^[a-z0-9][a-z0-9_.-]*$' });
const column = Type.String({ pattern: '^[a-z][a-z0-9_]{0,47}$' });
const table = Type.String({ pattern: '^([a-z][a-z0-9_]{0,47}\\.)?[a-z][a-z0-9_]{0,47}$' });
const address = Type.String({ pattern: '^[^\\s,]+:[0-9]{1,5}$' });
const field = Type.String({ minLength: 1, maxLength: 255 });

const Pair = Type.Object(
  {
    name,
    index: name,
    table,
    id: Type.Object({ column, field: Type.Optional(field) }, strictly),
    changes: Type.Object({ table, partitions: Type.Optional(count(1)) }, strictly),
    timestamp: Type.Object({ field, unit: Type.Optional(Type.Enum(['s', 'ms', 'us', 'date'])) }, strictly),
    deleted: Type.Optional(Type.Object({ column, field }, strictly)),
    columns: Type.Record(
      column,
      Type.Object({ field: Type.Optional(field), type: Type.Enum(COLUMN_TYPES) }, strictly),
      { minProperties: 1 },
    ),
  },
  strictly,
);

const File = Type.Object(
  {
    state: Type.Optional(Type.String({ minLength: 1 })),
    interval: Type.Optional(seconds(0.05)),
    overlap: Type.Optional(seconds(0)),
    sweep: Type.Optional(seconds(1)),
    batch: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
    search: Type.Object(
      {
        nodes: Type.Array(Type.String({ pattern: '^https?://' }), { minItems: 1 }),
        username: Type.Optional(Type.String()),
        password: Type.Optional(Type.String()),
        ca: Type.Optional(Type.String({ minLength: 1 })),
      },
      strictly,
    ),
    cassandra: Type.Object(
      {
        'contact-points': Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
        datacenter: Type.Optional(Type.String({ minLength: 1 })),
        keyspace: Type.Optional(column),
        'write-consistency': Type.Optional(consistency),
        'read-consistency': Type.Optional(consistency),
        username: Type.Optional(Type.String()),
        password: Type.Optional(Type.String()),
        tls: Type.Optional(
          Type.Object(
            { ca: Type.Optional(Type.String()), cert: Type.Optional(Type.String()), key: Type.Optional(Type.String()) },
            strictly,
          ),
        ),
      },
      strictly,
    ),
    pairs: Type.Optional(Type.Array(Pair)),
    own: Type.Optional(
      Type.Object(
        {
          prefix: Type.Optional(Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,99}$' })),
          nsqd: Type.Array(address, { minItems: 1 }),
          nsqlookupd: Type.Optional(Type.Array(address)),
          sweep: Type.Optional(seconds(1)),
          readings: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { uniqueItems: true })),
        },
        strictly,
      ),
    ),
  },
  strictly,
);

type Pair = Static<typeof Pair>;
type File = Static<typeof File>;

/** An index and a table, all settled. */
export interface PairConfig {
  readonly name: string;
  readonly index: string;
  /** With its keyspace. */
  readonly table: string;
  readonly idColumn: string;
  /** Beside `_id`, or null. */
  readonly idField: string | null;
  /** Where Cassandra's side says what changed when, with its keyspace, and over how many `id`s that is spread. */
  readonly changesTable: string;
  readonly partitions: number;
  readonly timestampField: string;
  readonly timestampUnit: TimestampUnit;
  readonly deleted: { readonly column: string; readonly field: string } | null;
  readonly columns: readonly {
    readonly column: string;
    readonly field: string;
    readonly type: Pair['columns'][string]['type'];
  }[];
}

export type TimestampUnit = 's' | 'ms' | 'us' | 'date';

export interface SyncConfig {
  /** The directory of what the daemon remembers. */
  readonly state: string;
  /** Milliseconds: between runs, read again before the common point, between comparisons of everything. */
  readonly interval: number;
  readonly overlap: number;
  readonly sweep: number;
  /** Rows and documents that are taken at a time. */
  readonly batch: number;
  readonly search: File['search'];
  readonly cassandra: Required<
    Pick<File['cassandra'], 'contact-points' | 'datacenter' | 'keyspace' | 'write-consistency' | 'read-consistency'>
  > &
    Pick<File['cassandra'], 'username' | 'password' | 'tls'>;
  readonly pairs: readonly PairConfig[];
  /** The gateways' own devices and readings, or null: they are not indexed. */
  readonly own: OwnConfig | null;
}

export interface OwnConfig {
  /** What the names of the indices begin with. */
  readonly prefix: string;
  readonly nsqd: readonly string[];
  readonly nsqlookupd: readonly string[];
  /** Milliseconds between two comparisons of all devices. */
  readonly sweep: number;
  /** Types of readings that are indexed. */
  readonly readings: readonly string[];
}

/** What is wrong with the file, for the person who wrote it. */
export class SyncConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SyncConfigError';
  }
}

export const DEFAULT_SYNC_FILE = join(homedir(), '.m2mp', 'sync.yaml');
export const DEFAULT_PARTITIONS = 16;

/** Reads and checks a file; throws `SyncConfigError`, which names the entry, its value and what it takes. */
export function loadSyncConfig(file: string): SyncConfig {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new SyncConfigError(`${file}: ${error instanceof Error ? error.message : error}`);
  }
  return parseSyncConfig(text, file);
}

/** As `loadSyncConfig`, of a text; a relative path in it is beside `file`. */
export function parseSyncConfig(text: string, file: string): SyncConfig {
  let content: unknown;
  try {
    content = parse(text);
  } catch (error) {
    throw new SyncConfigError(`${file}: not YAML: ${error instanceof Error ? error.message : error}`);
  }
  if (!Value.Check(File, content)) throw new SyncConfigError(`${file}: ${firstProblem(content)}`);
  const { cassandra, pairs = [], state = 'sync', interval = 10, overlap = 60, sweep = 86_400 } = content;
  const keyspace = cassandra.keyspace ?? 'm2mp';
  const names = pairs.map((pair) => pair.name);
  const twice = names.find((one, at) => names.indexOf(one) !== at);
  if (twice !== undefined) throw new SyncConfigError(`${file}: pairs: ${JSON.stringify(twice)} is there twice`);
  return {
    state: resolve(dirname(file), state),
    interval: interval * 1_000,
    overlap: overlap * 1_000,
    sweep: sweep * 1_000,
    batch: content.batch ?? 500,
    search: content.search,
    cassandra: {
      datacenter: 'datacenter1',
      'write-consistency': 'LOCAL_QUORUM',
      'read-consistency': 'LOCAL_QUORUM',
      ...cassandra,
      keyspace,
    },
    pairs: pairs.map((pair) => settled(pair, keyspace, file)),
    own: content.own ? ownSettled(content.own) : null,
  };
}

function ownSettled(own: NonNullable<File['own']>): OwnConfig {
  const { prefix = 'm2mp', nsqd, nsqlookupd = [], sweep = 3_600, readings = [] } = own;
  return { prefix, nsqd, nsqlookupd, sweep: sweep * 1_000, readings };
}

function settled(pair: Pair, keyspace: string, file: string): PairConfig {
  const columns = Object.entries(pair.columns).map(([column, { field = column, type }]) => ({ column, field, type }));
  const fields = [
    ...columns.map(({ field }) => field),
    pair.timestamp.field,
    ...(pair.id.field ? [pair.id.field] : []),
    ...(pair.deleted ? [pair.deleted.field] : []),
  ];
  const twice = fields.find((one, at) => fields.indexOf(one) !== at);
  if (twice !== undefined) throw new SyncConfigError(`${file}: pair ${pair.name}: two columns have the field ${twice}`);
  if (columns.every(({ type }) => isCollection(type)))
    throw new SyncConfigError(
      `${file}: pair ${pair.name}: one column at least must be no collection: it tells the row's age`,
    );
  const ofKeyspace = (table: string) => (table.includes('.') ? table : `${keyspace}.${table}`);
  return {
    name: pair.name,
    index: pair.index,
    table: ofKeyspace(pair.table),
    idColumn: pair.id.column,
    idField: pair.id.field ?? null,
    changesTable: ofKeyspace(pair.changes.table),
    partitions: pair.changes.partitions ?? DEFAULT_PARTITIONS,
    timestampField: pair.timestamp.field,
    timestampUnit: pair.timestamp.unit ?? 'ms',
    deleted: pair.deleted ?? null,
    columns,
  };
}

function firstProblem(content: unknown): string {
  const [first] = Value.Errors(File, content);
  const place = first?.instancePath.slice(1).replaceAll('/', '.') || 'the file';
  const value = Value.Pointer.Get(content, first?.instancePath ?? '');
  return `${place}: ${`${JSON.stringify(value)}`.slice(0, 200)} is not valid: it ${first?.message ?? 'is wrong'}`;
}
