/** The store on Cassandra. */
import { type KeysOf, NODE_DELETED, type NodeRow, type Row, type RowQuery, type Store } from '../store.js';
import { typedId } from './reading-rows.js';
import { typesOf } from './series-types.js';
import type { Session } from './session.js';
import { receivedAt } from './stamps.js';
import { isTypesId } from './statements.js';
import { createWriter, uuid, type WriterOptions } from './writer.js';

/** Bytes of a mebibyte, in which Cassandra counts. */
const MEBIBYTE = 1_048_576;
/** Keys of partitions fetched at once. */
const KEYS_AT_ONCE = 2_000;

export type CassandraStoreOptions = WriterOptions & { readonly keyspace: string };

export function createCassandraStore(options: CassandraStoreOptions): Store {
  const { session, statements, keyspace } = options;

  async function node(path: string): Promise<NodeRow | undefined> {
    for await (const row of session.read(statements.node(path))) {
      const { status, values } = row;
      const found = values instanceof Map ? new Map<string, string>(values) : new Map<string, string>();
      if (typeof status !== 'number' && found.size === 0) return undefined;
      return { status: typeof status === 'number' ? status : 0, values: found };
    }
    return undefined;
  }

  async function status(path: string): Promise<number> {
    for await (const row of session.read(statements.status(path)))
      return typeof row['status'] === 'number' ? row['status'] : 0;
    return 0;
  }

  /**
   * A lightweight transaction is dated by Cassandra's clock, other writes by those of the gateways: where a gateway's is
   * ahead, its earlier write would win over what was claimed, so that is read back.
   */
  async function claim(path: string, name: string, before: string | undefined, value: string): Promise<boolean> {
    if (!(await session.transact(statements.claim(path, name, before, value)))) return false;
    for await (const row of session.read(statements.node(path)))
      return row['values'] instanceof Map && row['values'].get(name) === value;
    return false;
  }

  async function children(path: string, after: string | undefined, limit: number): Promise<string[]> {
    return limit < 1 ? [] : texts(session, statements.children(path, after, limit), 'name', limit);
  }

  /** The index gives them in no order: the least are kept while all are looked at. */
  async function deletedNodes(after: string | undefined, limit: number): Promise<string[]> {
    let least: string[] = [];
    const keepLeast = () => {
      least = least.sort(compareBytes).slice(0, Math.max(0, limit));
    };
    for await (const row of session.read(statements.nodesOfStatus(NODE_DELETED))) {
      const path = String(row['path']);
      if (after !== undefined && compareBytes(path, after) <= 0) continue;
      least.push(path);
      if (least.length > 2 * limit + 1_000) keepLeast();
    }
    keepLeast();
    return least;
  }

  async function block(path: string, number: number): Promise<Uint8Array | undefined> {
    for await (const row of session.read(statements.block(path, number))) {
      const data: unknown = row['data'];
      return data instanceof Uint8Array ? data : new Uint8Array();
    }
    return undefined;
  }

  async function blocks(path: string): Promise<number[]> {
    const found: number[] = [];
    for await (const row of session.read(statements.blocks(path))) found.push(Number(row['block']));
    return found;
  }

  async function keys(of: KeysOf, after: string | undefined, limit: number): Promise<string[]> {
    const found: string[] = [];
    if (limit < 1) return found;
    for await (const row of session.read(statements.keys(of, after), KEYS_AT_ONCE)) {
      // The index has rows of types, too, and of the lists of types.
      if (of === 'series' && (row['type'] !== '' || isTypesId(String(row['id'])))) continue;
      if (found.push(String(of === 'series' ? row['id'] : row['path'])) === limit) break;
    }
    return found;
  }

  async function periods(id: string, type: string | undefined): Promise<string[]> {
    const dates = await texts(session, statements.dates(id, type ?? ''), 'date');
    return dates.filter((date) => /^\d{4}-\d\d(-\d\d)?$/.test(date));
  }

  /** What its nodes hold of the keyspace, as the one that is asked knows it; what is left only they know. */
  async function size(): Promise<{ used: number; free: number }> {
    let used = 0;
    const query = 'SELECT mebibytes FROM system_views.disk_usage WHERE keyspace_name = ?';
    const { rows } = await session.once({ query, params: [keyspace] });
    for (const row of rows) used += Number(row['mebibytes'] ?? 0) * MEBIBYTE;
    return { used, free: Number.POSITIVE_INFINITY };
  }

  return {
    write: createWriter(options),
    claim,
    node,
    status,
    children,
    deletedNodes,
    block,
    blocks,
    keys,
    types: (id) => typesOf(session, statements, id, () => periods(id, undefined)),
    periods,
    rows: (query) => readRows(options, query),
    removeExpired: async () => 0,
    size,
    close: () => session.close(),
  };
}

async function* readRows(
  { session, statements, now }: CassandraStoreOptions,
  { id, type, period, from, to, order, expected, expires }: RowQuery,
): AsyncIterable<Row> {
  const source = type === undefined ? id : typedId(id, type);
  const bounds = { from: from && uuid(from), to: to && uuid(to) };
  const statement = statements.rows(source, period, bounds, order, expires ? 'with expiry' : 'all');
  for await (const page of session.readPages(statement, expected)) {
    const arrived = now();
    for (const row of page) {
      const { data } = row;
      // A row can outlive its data where a time to live or a deletion met only one of its cells.
      if (typeof data !== 'string') continue;
      yield {
        type: type ?? String(row['type'] ?? ''),
        time: new Uint8Array(row['time'].getBuffer()),
        data,
        received: receivedAt(Number(row['stamp'])),
        ...(expires && { expires: expiresAt(row, arrived) }),
      };
    }
  }
}

/** A row that lives for ever has no number of seconds. */
function expiresAt({ seconds_left: left }: Readonly<Record<string, unknown>>, now: number): number {
  return typeof left === 'number' ? now + left * 1_000 : 0;
}

async function texts(
  session: Session,
  statement: Parameters<Session['read']>[0],
  column: string,
  firstPage?: number,
): Promise<string[]> {
  const found: string[] = [];
  for await (const row of session.read(statement, firstPage)) found.push(String(row[column]));
  return found;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
