/** The tables of docs/data-model.md, as the existing deployments have them, and the CQL that makes them. */

export interface Table {
  readonly name: string;
  /** Name → CQL type. */
  readonly columns: Readonly<Record<string, string>>;
  readonly partitionKey: readonly string[];
  readonly clustering: readonly { readonly column: string; readonly order: 'ASC' | 'DESC' }[];
  /** A column with an index of its own. */
  readonly indexed?: string;
  /** Whether its rows are written in the order of time and read by it: it is compacted in windows of time. */
  readonly timeSeries?: boolean;
}

/** Days of readings that are compacted together: with rows read by month, a month is in about five files. */
export const WINDOW_DAYS = 7;

export const TABLES: readonly Table[] = [
  {
    name: 'registrynode',
    columns: { path: 'text', status: 'int', values: 'map<text, text>' },
    partitionKey: ['path'],
    clustering: [],
    indexed: 'status',
  },
  {
    name: 'registrynodechildren',
    columns: { path: 'text', name: 'text' },
    partitionKey: ['path'],
    clustering: [{ column: 'name', order: 'ASC' }],
  },
  {
    name: 'registrynodedata',
    columns: { path: 'text', block: 'int', data: 'blob' },
    partitionKey: ['path'],
    clustering: [{ column: 'block', order: 'ASC' }],
  },
  {
    name: 'timeseries',
    columns: { id: 'text', date: 'text', time: 'timeuuid', type: 'text', data: 'text' },
    partitionKey: ['id', 'date'],
    clustering: [{ column: 'time', order: 'DESC' }],
    timeSeries: true,
  },
  {
    name: 'timeseries_index',
    columns: { id: 'text', type: 'text', date: 'text' },
    partitionKey: ['id', 'type'],
    clustering: [{ column: 'date', order: 'DESC' }],
  },
];

/** What makes a table, and its index, where it is missing. */
export function createTable(keyspace: string, table: Table): string[] {
  const columns = Object.entries(table.columns).map(([name, type]) => `${name} ${type}`);
  const key = [`(${table.partitionKey.join(', ')})`, ...table.clustering.map(({ column }) => column)].join(', ');
  const order = table.clustering.map(({ column, order }) => `${column} ${order}`).join(', ');
  const settings = [
    ...(order ? [`CLUSTERING ORDER BY (${order})`] : []),
    ...(table.timeSeries ? [`compaction = ${timeWindows}`] : []),
  ];
  const name = `${keyspace}.${table.name}`;
  const create = `CREATE TABLE IF NOT EXISTS ${name} (${columns.join(', ')}, PRIMARY KEY (${key}))`;
  return [
    settings.length > 0 ? `${create} WITH ${settings.join(' AND ')}` : create,
    ...(table.indexed ? [`CREATE INDEX IF NOT EXISTS ON ${name} (${table.indexed})`] : []),
  ];
}

const timeWindows = `{'class': 'TimeWindowCompactionStrategy', 'compaction_window_unit': 'DAYS', 'compaction_window_size': '${WINDOW_DAYS}'}`;
