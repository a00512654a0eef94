/** A table in Cassandra, an index in OpenSearch, and who changes them, as users of both do. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as SearchClient } from '@opensearch-project/opensearch';
import { Client } from 'cassandra-driver';
import { v4 } from 'uuid';
import { parseSyncConfig, type SyncConfig } from '../../src/sync/config.js';
import { type Service, sharedCassandra, sharedOpenSearch } from '../services/services.js';

export interface Vehicle {
  readonly plate: string;
  readonly seats: number | null;
  readonly tags: readonly string[];
}

export interface TwoSides {
  readonly yaml: string;
  readonly config: SyncConfig;
  readonly directory: string;
  readonly cassandra: Client;
  readonly search: SearchClient;
  readonly keyspace: string;
  readonly index: string;
  /** Changes a row at UNIX microseconds, null: deletes it (`hard`: for good), and lists that. */
  changeRow(id: string, at: number, vehicle: Vehicle | null, hard?: boolean): Promise<void>;
  /** Changes a document at UNIX microseconds, with that as its version, or as whoever knows of none. */
  changeDocument(id: string, at: number, vehicle: Vehicle | null, versioned?: boolean): Promise<void>;
  rows(): Promise<Map<string, Vehicle>>;
  documents(): Promise<Map<string, Vehicle>>;
  remove(): Promise<void>;
}

const DATACENTER = 'datacenter1';
const PARTITIONS = 16;

export interface TwoSidesOptions {
  /** What the daemon asks in place of the server itself. */
  readonly searchUrl?: string;
  /** A node of one's own, which may be killed. */
  readonly node?: Service;
  /** Whether deletes travel as tombstones. */
  readonly tombstones?: boolean;
}

export async function openTwoSides(options: TwoSidesOptions = {}): Promise<TwoSides> {
  const { searchUrl, node, tombstones = true } = options;
  const [{ address }, { address: searchAddress }] = await Promise.all([node ?? sharedCassandra(), sharedOpenSearch()]);
  const keyspace = `fleet_${randomBytes(6).toString('hex')}`;
  const index = `vehicles-${randomBytes(6).toString('hex')}`;
  const url = searchUrl ?? `http://${searchAddress}:9200`;
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-sync-'));
  const cassandra = new Client({ contactPoints: [address], localDataCenter: DATACENTER });
  await cassandra.connect();
  const run = (query: string) => cassandra.execute(query);
  const replication = `{'class': 'NetworkTopologyStrategy', '${DATACENTER}': 1}`;
  await run(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication} AND durable_writes = ${node !== undefined}`);
  const columns = 'id uuid PRIMARY KEY, plate text, seats int, tags set<text>, deleted boolean';
  await run(`CREATE TABLE ${keyspace}.vehicles (${columns})`);
  const changes = 'id int, timestamp int, data_id uuid, PRIMARY KEY (id, timestamp)';
  await run(`CREATE TABLE ${keyspace}.changes (${changes})`);
  const search = new SearchClient({ node: `http://${searchAddress}:9200` });

  const yaml = `
state: ${directory}/state
interval: 0.05
search: { nodes: ["${url}"] }
cassandra: { contact-points: ["${address}"], keyspace: ${keyspace} }
pairs:
  - name: vehicles
    index: ${index}
    table: vehicles
    id: { column: id }
    changes: { table: changes, partitions: ${PARTITIONS} }
    timestamp: { field: updated, unit: ms }
${tombstones ? '    deleted: { column: deleted, field: deleted }' : ''}
    columns: { plate: { type: text }, seats: { type: int }, tags: { type: set<text> } }
`;

  const taken = new Set<string>();
  async function list(id: string, at: number): Promise<void> {
    const second = Math.floor(at / 1e6);
    let slot = 0;
    while (taken.has(`${slot} ${second}`)) slot++;
    taken.add(`${slot} ${second}`);
    if (slot >= PARTITIONS) throw new Error(`more than ${PARTITIONS} changes in the second ${second}`);
    const query = `INSERT INTO ${keyspace}.changes (id, timestamp, data_id) VALUES (?, ?, ?) USING TIMESTAMP ?`;
    await cassandra.execute(query, [slot, second, id, String(at)], { prepare: true });
  }

  return {
    yaml,
    config: parseSyncConfig(yaml, join(directory, 'sync.yaml')),
    directory,
    cassandra,
    search,
    keyspace,
    index,
    async changeRow(id, at, vehicle, hard = false) {
      const values = `(id, plate, seats, tags, deleted) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?`;
      const query = hard
        ? `DELETE FROM ${keyspace}.vehicles USING TIMESTAMP ? WHERE id = ?`
        : `INSERT INTO ${keyspace}.vehicles ${values}`;
      const { plate, seats, tags } = vehicle ?? { plate: null, seats: null, tags: null };
      const parameters = hard ? [String(at), id] : [id, plate, seats, tags, vehicle === null, String(at)];
      await cassandra.execute(query, parameters, { prepare: true });
      await list(id, at);
    },
    async changeDocument(id, at, vehicle, versioned = true) {
      const body = { ...vehicle, deleted: vehicle === null, updated: Math.floor(at / 1_000) };
      const version = versioned ? { version: at, version_type: 'external' as const } : {};
      await search.index({ index, id, body, ...version }, { ignore: [409] });
    },
    async rows() {
      const { rows } = await cassandra.execute(`SELECT * FROM ${keyspace}.vehicles`);
      const alive = rows.filter((row) => row['deleted'] !== true);
      return sorted(alive.map((row) => [String(row['id']), vehicleOf(row)]));
    },
    async documents() {
      await search.indices.refresh({ index });
      const { body } = await search.search({ index, size: 10_000, body: { query: { match_all: {} } } });
      const alive = body.hits.hits.filter((hit) => hit._source?.['deleted'] !== true);
      return sorted(alive.map((hit) => [String(hit._id), vehicleOf(hit._source ?? {})]));
    },
    async remove() {
      await search.indices.delete({ index: `${index}*`, ignore_unavailable: true });
      await search.close();
      await cassandra.execute(`DROP KEYSPACE ${keyspace}`);
      await cassandra.shutdown();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const newId = (): string => v4();

function vehicleOf(given: any): Vehicle {
  return { plate: given.plate ?? '', seats: given.seats ?? null, tags: [...(given.tags ?? [])].sort() };
}

function sorted(entries: [string, Vehicle][]): Map<string, Vehicle> {
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
