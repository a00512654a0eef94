/** How an index is made where there is none: its fields by the types of their columns. */
import type { Client } from '@opensearch-project/opensearch';
import { asked } from './bulk.js';
import type { ColumnType } from './columns.js';
import type { PairConfig, TimestampUnit } from './config.js';

/** Makes the index of a pair, or one of another name like it, where it is missing. */
export async function ensureIndex(client: Client, pair: PairConfig, index = pair.index): Promise<void> {
  if (await asked(() => client.indices.exists({ index }))) return;
  await asked(() =>
    client.indices.create({ index, body: { mappings: { properties: properties(pair) } } }, { ignore: [400] }),
  );
}

type Property = { readonly [setting: string]: unknown };

function properties(pair: PairConfig): Record<string, object> {
  const found: Record<string, object> = {};
  const add = (name: string, property: Property) => put(found, name.split('.'), property);
  for (const { field, type } of pair.columns) add(field, ofType[type]);
  add(pair.timestampField, ofTimestamp[pair.timestampUnit]);
  if (pair.idField) add(pair.idField, { type: 'keyword' });
  if (pair.deleted) add(pair.deleted.field, { type: 'boolean' });
  return found;
}

const words = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 8_191 } } };
const ofType: Readonly<Record<ColumnType, Property>> = {
  text: words,
  int: { type: 'integer' },
  bigint: { type: 'long' },
  float: { type: 'float' },
  double: { type: 'double' },
  boolean: { type: 'boolean' },
  timestamp: { type: 'date' },
  uuid: { type: 'keyword' },
  timeuuid: { type: 'keyword' },
  json: { type: 'object' },
  'list<text>': words,
  'set<text>': words,
  // One field a name: an index has a bound on those, so a map is one field of its own.
  'map<text, text>': { type: 'object', enabled: false },
};
const ofTimestamp: Readonly<Record<TimestampUnit, Property>> = {
  s: { type: 'long' },
  ms: { type: 'long' },
  us: { type: 'long' },
  date: { type: 'date' },
};

function put(into: Record<string, object>, [first = '', ...rest]: readonly string[], property: Property): void {
  if (rest.length === 0) {
    into[first] = property;
    return;
  }
  const before: { properties?: Record<string, object> } = into[first] ?? {};
  const inner = before.properties ?? {};
  put(inner, rest, property);
  into[first] = { ...before, properties: inner };
}
