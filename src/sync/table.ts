/** Cassandra's side of a pair: its rows, and the time series table that says which of them changed when. */
import { type Session, StoreFailed } from './cassandra.js';
import { type Field, isCollection, toColumn, toField } from './columns.js';
import type { PairConfig } from './config.js';
import type { Thing } from './thing.js';

export interface Table {
  /** Rejects with what of the tables is not as configured. */
  check(): Promise<void>;
  /** Those that there are, by id. */
  rows(ids: readonly string[]): Promise<Map<string, Thing>>;
  /** Ids that are listed as changed since UNIX ms, with when that was written, in UNIX microseconds. */
  changed(since: number, batch: number): AsyncIterable<Map<string, number>>;
  all(batch: number): AsyncIterable<Map<string, Thing>>;
  /**
   * Writes at the thing's own time: what was written later stays. Rejects with `RowRefused` where the table will never
   * take it.
   */
  write(id: string, thing: Thing): Promise<void>;
}

/** A row that Cassandra will never take. */
export class RowRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RowRefused';
  }
}

type Row = ReturnType<Session['read']> extends AsyncIterable<infer R> ? R : never;

export function openTable(session: Session, pair: PairConfig): Table {
  const { table, idColumn, changesTable, partitions, columns, deleted } = pair;
  const names = [...columns.map(({ column }) => column), ...(deleted ? [deleted.column] : [])];
  // Collections have no single time. Where nothing else was written with one, a row is as old as its other columns, and
  // of the same age as the document it was the same as: it wins.
  const dated = [
    ...columns.filter(({ type }) => !isCollection(type)).map(({ column }) => column),
    ...names.slice(columns.length),
  ];
  const times = dated.map((name, at) => `WRITETIME(${name}) AS written_${at}`);
  const wanted = [idColumn, ...names, ...times].join(', ');
  const one = `SELECT ${wanted} FROM ${table} WHERE ${idColumn} = ?`;
  const every = `SELECT ${wanted} FROM ${table}`;
  const listed = `SELECT data_id, WRITETIME(data_id) AS written FROM ${changesTable} WHERE id = ? AND timestamp >= ?`;
  const listedInKey = `SELECT data_id, timestamp FROM ${changesTable} WHERE id = ? AND timestamp >= ?`;
  const places = names.map(() => '?').join(', ');
  const insert = `INSERT INTO ${table} (${idColumn}, ${names.join(', ')}) VALUES (?, ${places}) USING TIMESTAMP ?`;
  /** Whether `data_id` is of the key, which has no time of writing. */
  let inKey: Promise<boolean> | undefined;

  function thing(row: Row): Thing {
    let version = 0;
    for (let at = 0; at < dated.length; at++) version = Math.max(version, Number(row[`written_${at}`] ?? 0));
    if (deleted && row[deleted.column] === true) return { version, deleted: true, fields: new Map() };
    const fields = new Map<string, Field>();
    for (const { column, field, type } of columns) fields.set(field, toField(type, row[column]));
    return { version, deleted: false, fields };
  }

  async function keyHasDataId(): Promise<boolean> {
    const [keyspace, name] = changesTable.split('.');
    const query = 'SELECT column_name, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?';
    const found = new Map<string, string>();
    for await (const row of session.read({ query, params: [keyspace, name] }))
      found.set(row['column_name'], row['kind']);
    const isRight = found.get('id') === 'partition_key' && found.get('timestamp') === 'clustering';
    if (!isRight || !found.has('data_id')) {
      const takes = '(id int, timestamp int, data_id uuid, PRIMARY KEY (id, timestamp))';
      throw new Error(
        `${changesTable} is no table of changes: it takes ${takes}, or data_id as a third part of the key`,
      );
    }
    return found.get('data_id') === 'clustering';
  }

  async function* changed(since: number, batch: number): AsyncIterable<Map<string, number>> {
    inKey ??= keyHasDataId();
    const seconds = Math.max(0, Math.floor(since / 1_000));
    const query = (await inKey) ? listedInKey : listed;
    let page = new Map<string, number>();
    for (let id = 0; id < partitions; id++) {
      for await (const row of session.read({ query, params: [id, seconds] }, batch)) {
        const dataId = String(row['data_id']);
        // The end of its second, where nothing finer is known.
        const written = row['written'] === undefined ? row['timestamp'] * 1e6 + 999_999 : Number(row['written']);
        page.set(dataId, Math.max(written, page.get(dataId) ?? 0));
        if (page.size < batch) continue;
        yield page;
        page = new Map();
      }
    }
    if (page.size > 0) yield page;
  }

  async function* all(batch: number): AsyncIterable<Map<string, Thing>> {
    for await (const page of session.readPages({ query: every, params: [] }, batch))
      if (page.length > 0) yield new Map(page.map((row) => [String(row[idColumn]), thing(row)]));
  }

  async function rows(ids: readonly string[]): Promise<Map<string, Thing>> {
    const found = new Map<string, Thing>();
    const read = async (id: string) => {
      for await (const row of session.read({ query: one, params: [id] })) found.set(id, thing(row));
    };
    await Promise.all(ids.map(read));
    return found;
  }

  async function write(id: string, { version, deleted: isDeleted, fields }: Thing): Promise<void> {
    const values = columns.map(({ field, type }) => toColumn(type, fields.get(field)).value);
    const params = [id, ...values, ...(deleted ? [isDeleted] : []), String(version)];
    try {
      await session.write({ query: insert, params });
    } catch (error) {
      if (error instanceof StoreFailed || error instanceof TypeError) throw new RowRefused(error.message);
      throw error;
    }
  }

  async function check(): Promise<void> {
    inKey = keyHasDataId();
    await inKey;
    const nobody = '00000000-0000-0000-0000-000000000000';
    await rows([nobody]);
    for await (const _ of changed(2 ** 31 * 1_000 - 1_000, 1)) break;
  }

  return { check, rows, changed, all, write };
}
