/** Makes the keyspace and its tables, and compares those that exist with what is expected. */
import type { Replication } from '../consistency.js';
import { StoreNotOpened } from '../errors.js';
import { type Keyspace, readKeyspace } from './keyspace.js';
import type { Session } from './session.js';
import { createTable, TABLES, type Table } from './tables.js';

export interface Difference {
  /** `error`: the gateway cannot work with it; `warning`: it can, with the drawback that is said. */
  readonly grave: 'error' | 'warning';
  readonly what: string;
}

/**
 * Makes the keyspace and every table that is missing, with copies by data centre; what exists is left as it is.
 * Rejects with `StoreNotOpened` on a data centre that the cluster does not have, and on an existing keyspace whose
 * replication is another. Resolves to what was done.
 */
export async function initSchema(session: Session, keyspace: string, replication: Replication): Promise<string[]> {
  const done: string[] = [];
  checkDatacenters(session, replication);
  const existing = await readKeyspace(session, keyspace);
  if (!existing) {
    const copies = [...replication].map(([datacenter, count]) => `'${datacenter}': ${count}`).join(', ');
    await run(
      session,
      `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', ${copies}}`,
    );
    done.push(`made the keyspace ${keyspace}, copies ${shown(replication)}`);
  } else if (existing.strategy === 'SimpleStrategy' && session.nodes().length > 1) {
    throw new StoreNotOpened(
      'foreign',
      `${keyspace} has SimpleStrategy on ${session.nodes().length} nodes, which does not know racks and data centres: ` +
        `ALTER KEYSPACE ${keyspace} to NetworkTopologyStrategy, repair it, then run this again`,
    );
  } else if (shown(existing.replication) !== shown(replication)) {
    throw new StoreNotOpened(
      'foreign',
      `${keyspace} exists with copies ${shown(existing.replication)}, not ${shown(replication)}: ` +
        'ALTER KEYSPACE and a repair change that, this command does not',
    );
  }
  const found = new Set((await columnsOf(session, keyspace)).keys());
  for (const table of TABLES) {
    for (const statement of createTable(keyspace, table)) await run(session, statement);
    if (!found.has(table.name)) done.push(`made the table ${table.name}`);
  }
  return done;
}

/** What differs from what `initSchema` makes: nothing is changed. */
export async function checkSchema(session: Session, keyspace: string): Promise<Difference[]> {
  const existing = await readKeyspace(session, keyspace);
  if (!existing) return [{ grave: 'error', what: `there is no keyspace ${keyspace}: "m2mp store init" makes it` }];
  const differences = ofReplication(session, existing);
  const columns = await columnsOf(session, keyspace);
  const indexed = await indexedColumns(session, keyspace);
  const compactions = await compactionsOf(session, keyspace);
  for (const table of TABLES) {
    const found = columns.get(table.name);
    if (!found) {
      differences.push({ grave: 'error', what: `there is no table ${table.name}: "m2mp store init" makes it` });
      continue;
    }
    differences.push(...ofColumns(table, found));
    if (table.indexed && !indexed.has(`${table.name} ${table.indexed}`))
      differences.push({ grave: 'error', what: `${table.name} has no index on ${table.indexed}` });
    const compaction = compactions.get(table.name) ?? '';
    if (table.timeSeries && !compaction.endsWith('TimeWindowCompactionStrategy')) {
      const what = `${table.name} is compacted by ${compaction || 'no strategy'}: TimeWindowCompactionStrategy rewrites less`;
      differences.push({ grave: 'warning', what });
    }
  }
  return differences;
}

function ofReplication(session: Session, { strategy, replication }: Keyspace): Difference[] {
  const nodes = session.nodes();
  const differences: Difference[] = [];
  if (strategy === 'SimpleStrategy' && nodes.length > 1)
    differences.push({
      grave: 'warning',
      what: `SimpleStrategy on ${nodes.length} nodes: it does not know racks and data centres, NetworkTopologyStrategy does`,
    });
  for (const [datacenter, copies] of replication) {
    const there = nodes.filter((node) => node.datacenter === datacenter).length;
    if (there < copies)
      differences.push({ grave: 'warning', what: `${copies} copies in ${datacenter}, which has ${there} nodes` });
    if (copies < 3)
      differences.push({
        grave: 'warning',
        what: `${copies} copies in ${datacenter}: with fewer than 3 nothing is stored while one node is down`,
      });
  }
  return differences;
}

interface Column {
  readonly type: string;
  readonly kind: string;
  readonly position: number;
  readonly order: string;
}

function ofColumns(table: Table, found: ReadonlyMap<string, Column>): Difference[] {
  const differences: Difference[] = [];
  const grave = 'error';
  for (const [name, type] of Object.entries(table.columns)) {
    const column = found.get(name);
    if (!column) differences.push({ grave, what: `${table.name} has no column ${name} ${type}` });
    else if (column.type !== type)
      differences.push({ grave, what: `${table.name}.${name} is ${column.type}, expected ${type}` });
  }
  const partition = keyOf(found, 'partition_key').map(([name]) => name);
  if (partition.join() !== table.partitionKey.join())
    differences.push({
      grave,
      what: `${table.name} is partitioned by ${partition.join(', ')}, expected ${table.partitionKey.join(', ')}`,
    });
  const clustering = keyOf(found, 'clustering').map(([name, { order }]) => `${name} ${order.toUpperCase()}`);
  const expected = table.clustering.map(({ column, order }) => `${column} ${order}`);
  if (clustering.join() !== expected.join())
    differences.push({
      grave,
      what: `${table.name} is clustered by ${clustering.join(', ') || 'nothing'}, expected ${expected.join(', ') || 'nothing'}`,
    });
  return differences;
}

function keyOf(columns: ReadonlyMap<string, Column>, kind: string): [string, Column][] {
  return [...columns].filter(([, column]) => column.kind === kind).sort(([, a], [, b]) => a.position - b.position);
}

async function columnsOf(session: Session, keyspace: string): Promise<Map<string, Map<string, Column>>> {
  const query =
    'SELECT table_name, column_name, type, kind, position, clustering_order FROM system_schema.columns WHERE keyspace_name = ?';
  const { rows } = await session.once({ query, params: [keyspace] });
  const tables = new Map<string, Map<string, Column>>();
  for (const row of rows) {
    const columns = tables.get(String(row['table_name'])) ?? new Map<string, Column>();
    tables.set(String(row['table_name']), columns);
    columns.set(String(row['column_name']), {
      type: String(row['type']),
      kind: String(row['kind']),
      position: Number(row['position']),
      order: String(row['clustering_order']),
    });
  }
  return tables;
}

/** `table column` of every index. */
async function indexedColumns(session: Session, keyspace: string): Promise<Set<string>> {
  const query = 'SELECT table_name, options FROM system_schema.indexes WHERE keyspace_name = ?';
  const { rows } = await session.once({ query, params: [keyspace] });
  return new Set(
    rows.map((row) => `${row['table_name']} ${row['options'] instanceof Map ? row['options'].get('target') : ''}`),
  );
}

async function compactionsOf(session: Session, keyspace: string): Promise<Map<string, string>> {
  const query = 'SELECT table_name, compaction FROM system_schema.tables WHERE keyspace_name = ?';
  const { rows } = await session.once({ query, params: [keyspace] });
  return new Map(
    rows.map((row) => {
      const compaction: unknown = row['compaction'];
      return [String(row['table_name']), compaction instanceof Map ? String(compaction.get('class')) : ''];
    }),
  );
}

function checkDatacenters(session: Session, replication: Replication): void {
  const nodes = session.nodes();
  const datacenters = [...new Set(nodes.map((node) => node.datacenter))];
  for (const [datacenter, copies] of replication) {
    const there = nodes.filter((node) => node.datacenter === datacenter).length;
    if (there === 0)
      throw new StoreNotOpened(
        'foreign',
        `There is no data centre ${datacenter} in this cluster, which has ${datacenters.join(', ')}`,
      );
    if (copies > there)
      throw new StoreNotOpened('foreign', `${copies} copies in ${datacenter} need as many nodes, and it has ${there}`);
  }
}

function shown(replication: Replication): string {
  return [...replication]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([datacenter, copies]) => `${datacenter}=${copies}`)
    .join(',');
}

async function run(session: Session, query: string): Promise<void> {
  await session.once({ query, params: [] });
}
