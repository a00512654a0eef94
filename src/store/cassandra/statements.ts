/** The CQL of every write and read, and the partitions of the two time series tables. */
import type { KeysOf, RegistryWrite } from '../store.js';
import { asBuffer, OVERHEAD, readingRequests, seriesPartition } from './reading-rows.js';
import type { Statement } from './session.js';

/** A statement with the partition it goes to and its size in bytes, roughly. */
export interface PartitionStatement extends Statement {
  readonly partition: string;
  readonly bytes: number;
}

export type Statements = ReturnType<typeof statementsFor>;

/**
 * Id of the partition of `timeseries_index` that lists the types of a series where others list periods. No series has
 * such an id: a NUL is refused in one.
 */
export function typesId(id: string): string {
  return id + TYPES_SUFFIX;
}

const TYPES_SUFFIX = '\0types';

export function isTypesId(id: string): boolean {
  return id.endsWith(TYPES_SUFFIX);
}

/** The statements of a keyspace, whose name was checked. */
export function statementsFor(keyspace: string) {
  const node = `${keyspace}.registrynode`;
  const children = `${keyspace}.registrynodechildren`;
  const blocks = `${keyspace}.registrynodedata`;
  const series = `${keyspace}.timeseries`;
  const index = `${keyspace}.timeseries_index`;

  const cql = {
    status: `UPDATE ${node} USING TIMESTAMP ? SET status = ? WHERE path = ?`,
    value: `UPDATE ${node} USING TIMESTAMP ? SET values[?] = ? WHERE path = ?`,
    deleteValue: `DELETE values[?] FROM ${node} USING TIMESTAMP ? WHERE path = ?`,
    deleteNode: `DELETE FROM ${node} USING TIMESTAMP ? WHERE path = ?`,
    child: `INSERT INTO ${children} (path, name) VALUES (?, ?) USING TIMESTAMP ?`,
    deleteChild: `DELETE FROM ${children} USING TIMESTAMP ? WHERE path = ? AND name = ?`,
    block: `INSERT INTO ${blocks} (path, block, data) VALUES (?, ?, ?) USING TIMESTAMP ?`,
    deleteBlocks: `DELETE FROM ${blocks} USING TIMESTAMP ? WHERE path = ? AND block >= ?`,
    deleteReading: `DELETE FROM ${series} USING TIMESTAMP ? WHERE id = ? AND date = ? AND time = ?`,
    deletePartition: `DELETE FROM ${series} USING TIMESTAMP ? WHERE id = ? AND date = ?`,
    index: `INSERT INTO ${index} (id, type, date) VALUES (?, ?, ?)`,
  };

  /** A write of the registry as it is on the wire. */
  function registry(write: RegistryWrite, stamp: number): PartitionStatement {
    const { path } = write;
    const made = (table: string, query: string, params: unknown[], bytes = 0) => ({
      query,
      params,
      partition: `${table} ${path}`,
      bytes: OVERHEAD + path.length + bytes,
    });
    switch (write.write) {
      case 'status':
        return made('node', cql.status, [stamp, write.status, path]);
      case 'value':
        return made(
          'node',
          cql.value,
          [stamp, write.name, write.value, path],
          write.name.length + 3 * write.value.length,
        );
      case 'deleteValue':
        return made('node', cql.deleteValue, [write.name, stamp, path], write.name.length);
      case 'deleteNode':
        return made('node', cql.deleteNode, [stamp, path]);
      case 'child':
        return made('children', cql.child, [path, write.name, stamp], write.name.length);
      case 'deleteChild':
        return made('children', cql.deleteChild, [stamp, path, write.name], write.name.length);
      case 'block':
        return made('blocks', cql.block, [path, write.block, asBuffer(write.data), stamp], write.data.byteLength);
      case 'deleteBlocks':
        return made('blocks', cql.deleteBlocks, [stamp, path, write.from]);
    }
  }

  /** A row of the index: a period of a series, or of one of its types, or a type. */
  function indexed(id: string, type: string, date: string): PartitionStatement {
    return {
      query: cql.index,
      params: [id, type, date],
      partition: `index ${type.length} ${type} ${id}`,
      bytes: OVERHEAD + id.length + type.length,
    };
  }

  function deleteReading(partitionId: string, period: string, time: unknown, stamp: number): PartitionStatement {
    return {
      query: cql.deleteReading,
      params: [stamp, partitionId, period, time],
      partition: seriesPartition(partitionId, period),
      bytes: OVERHEAD + partitionId.length,
    };
  }

  /** Deletes a partition, or what of it lies within bounds. */
  function deleteRange(partitionId: string, period: string, bounds: Bounds, stamp: number): Statement {
    const { where, params } = within(bounds);
    return { query: cql.deletePartition + where, params: [stamp, partitionId, period, ...params] };
  }

  return {
    registry,
    /** The rows of some readings in one of the partitions of their targets. */
    readings: readingRequests(series),
    indexed,
    deleteReading,
    deleteRange,
    claim: (path: string, name: string, before: string | undefined, value: string): Statement => ({
      query: `UPDATE ${node} SET values[?] = ? WHERE path = ? IF values[?] = ?`,
      params: [name, value, path, name, before ?? null],
    }),
    node: (path: string): Statement => ({ query: `SELECT status, values FROM ${node} WHERE path = ?`, params: [path] }),
    status: (path: string): Statement => ({ query: `SELECT status FROM ${node} WHERE path = ?`, params: [path] }),
    nodesOfStatus: (status: number): Statement => ({
      query: `SELECT path FROM ${node} WHERE status = ?`,
      params: [status],
    }),
    children: (path: string, after: string | undefined, limit: number): Statement =>
      after === undefined
        ? { query: `SELECT name FROM ${children} WHERE path = ? LIMIT ?`, params: [path, limit] }
        : { query: `SELECT name FROM ${children} WHERE path = ? AND name > ? LIMIT ?`, params: [path, after, limit] },
    block: (path: string, block: number): Statement => ({
      query: `SELECT data FROM ${blocks} WHERE path = ? AND block = ?`,
      params: [path, block],
    }),
    blocks: (path: string): Statement => ({ query: `SELECT block FROM ${blocks} WHERE path = ?`, params: [path] }),
    /** Keys of all partitions of a table, in the order of their tokens, those after one. */
    keys(of: KeysOf, after: string | undefined): Statement {
      const table = { nodes: node, children, blocks, series: index }[of];
      const [key, place] = of === 'series' ? ['id, type', '?, ?'] : ['path', '?'];
      const query = `SELECT DISTINCT ${key} FROM ${table}`;
      if (after === undefined) return { query, params: [] };
      const params = of === 'series' ? [after, ''] : [after];
      return { query: `${query} WHERE token(${key}) > token(${place})`, params };
    },
    dates: (id: string, type: string): Statement => ({
      query: `SELECT date FROM ${index} WHERE id = ? AND type = ?`,
      params: [id, type],
    }),
    /** Rows of a partition, with the seconds they have yet to live where that is asked for, or only what tells them apart. */
    rows(
      partitionId: string,
      period: string,
      bounds: Bounds,
      order: 'newest' | 'oldest',
      what: 'all' | 'with expiry' | 'keys' = 'all',
    ): Statement {
      const { where, params } = within(bounds);
      const columns = {
        all: 'time, type, data',
        'with expiry': 'time, type, data, TTL(data) AS seconds_left',
        keys: 'time, type',
      }[what];
      const query = `SELECT ${columns}, WRITETIME(data) AS stamp FROM ${series} WHERE id = ? AND date = ?${where}`;
      return {
        query: order === 'newest' ? query : `${query} ORDER BY time ASC`,
        params: [partitionId, period, ...params],
      };
    },
  };
}

/** Times as Uuids of the driver, inclusive. */
export interface Bounds {
  readonly from: unknown;
  readonly to: unknown;
}

function within({ from, to }: Bounds): { where: string; params: unknown[] } {
  return {
    where: (from === undefined ? '' : ' AND time >= ?') + (to === undefined ? '' : ' AND time <= ?'),
    params: [from, to].filter((bound) => bound !== undefined),
  };
}
