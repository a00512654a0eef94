/** What Cassandra says of a keyspace: its replication and tables. */
import type { Replication } from '../consistency.js';
import type { Session } from './session.js';

export interface Keyspace {
  /** `NetworkTopologyStrategy`, `SimpleStrategy`, … */
  readonly strategy: string;
  readonly replication: Replication;
}

/** Names taken without quotes: nothing else ever reaches CQL. */
const NAME = /^[a-z][a-z0-9_]{0,47}$/;

export function isKeyspaceName(name: string): boolean {
  return NAME.test(name);
}

/** The keyspace, or undefined: there is none. */
export async function readKeyspace(session: Session, name: string): Promise<Keyspace | undefined> {
  const query = 'SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?';
  const { rows } = await session.once({ query, params: [name] });
  const replication: unknown = rows[0]?.['replication'];
  if (!(replication instanceof Map)) return undefined;
  const options = new Map<string, string>(replication);
  const strategy = (options.get('class') ?? '').split('.').at(-1) ?? '';
  options.delete('class');
  const copies = [...options].map(([datacenter, count]): [string, number] => [datacenter, Number.parseInt(count, 10)]);
  // SimpleStrategy knows no data centres; as for overlapping reads and writes all its copies are in one.
  if (strategy === 'SimpleStrategy')
    return {
      strategy,
      replication: new Map([[session.datacenter, copies.find(([key]) => key === 'replication_factor')?.[1] ?? 0]]),
    };
  return { strategy, replication: new Map(copies) };
}
