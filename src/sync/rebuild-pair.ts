/** Fills the index of a pair anew from its table, while the one before is asked and written, and puts it in its place. */
import type { Client } from '@opensearch-project/opensearch';
import { indicesOf, putInPlace, removeIndices } from './aliases.js';
import { asked } from './bulk.js';
import type { Session } from './cassandra.js';
import { isUuid } from './columns.js';
import type { PairConfig } from './config.js';
import { copyOthers } from './copy-others.js';
import { type Documents, openDocuments } from './documents.js';
import { ensureIndex } from './mapping.js';
import { noWork, type Refusal, reconcile } from './reconcile.js';
import { openTable, type Table } from './table.js';

export interface RebuildPairOptions {
  readonly session: Session;
  readonly client: Client;
  /** Rows and documents taken at a time, and ms before the start from which changes are looked at again. */
  readonly config: { readonly batch: number; readonly overlap: number };
  /** UNIX ms. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly onRefused: (refusal: Refusal) => void;
}

/**
 * Resolves to how many documents it has. What only the documents know, fields that are not paired, goes with them. Where
 * the name is that of an index and no alias yet, that index takes no writes while the last changes are carried over.
 */
export async function rebuildPair(pair: PairConfig, options: RebuildPairOptions): Promise<number> {
  const { session, client, config, now } = options;
  const table = openTable(session, pair);
  await table.check();
  await ensureIndex(client, pair);
  const startedAt = now();
  const aliased = await indicesOf(client, pair.index);
  const before = openDocuments(client, pair, options);
  const index = `${pair.index}-${startedAt}`;
  await ensureIndex(client, pair, index);
  const after = openDocuments(client, pair, options, index);

  // What is in the index alone has to be in the table before it is filled from there.
  await takeDocuments(null, before);
  const count = await fill(table, before, after, options);
  if (aliased.length === 0) await blockWrites(client, pair.index);
  await carryOver();
  const copied = { ...options, index, aside: asideOf(pair), batch: config.batch };
  await copyOthers(before, after, null, copied);
  await asked(() => client.indices.refresh({ index }));
  if (aliased.length > 0) await putInPlace(client, [pair.index], index, aliased);
  else await replaceIndex(client, pair.index, index);
  if (aliased.length > 0) {
    const left = openDocuments(client, pair, options, aliased.join(','));
    await carryOver(left);
    await copyOthers(left, after, startedAt - config.overlap, copied);
    await removeIndices(client, aliased);
  }
  return count;

  /** What was changed since the start, in the index before and in the table. */
  async function carryOver(from: Documents = before): Promise<void> {
    const since = startedAt - config.overlap;
    await takeDocuments(since, from);
    const whole = withSources(after, from);
    for await (const ids of from.changed(since, config.batch)) await inStep(whole, none(ids));
    for await (const listed of table.changed(since, config.batch)) await inStep(whole, listed);
  }

  /** Rows that are older than their documents are written; the documents are left as they are. */
  async function takeDocuments(since: number | null, from: Documents): Promise<void> {
    const asTheyAre: Documents = { ...from, put: async () => [] };
    for await (const ids of from.changed(since, config.batch)) await inStep(asTheyAre, none(ids));
  }

  async function inStep(documents: Documents, listed: ReadonlyMap<string, number>): Promise<void> {
    await reconcile({ table, documents, work: noWork(), onRefused: options.onRefused, onSame: () => {} }, listed);
  }
}

/** The index of the documents that a new index refused, whole, with the reason. */
export function asideOf({ index }: PairConfig): string {
  return `${index}-refused`;
}

/** What is put takes along the fields that are not paired. */
function withSources(documents: Documents, from: Documents): Documents {
  return {
    ...documents,
    async put(puts) {
      const known = await from.get(puts.map(({ id }) => id));
      return documents.put(puts.map((put) => ({ ...put, source: known.get(put.id)?.source ?? put.over?.source })));
    },
  };
}

/** Only UUIDs can be rows; none of them is listed. */
function none(ids: ReadonlyMap<string, unknown>): Map<string, number> {
  return new Map([...ids.keys()].filter((id) => isUuid(id) && id === id.toLowerCase()).map((id) => [id, 0]));
}

async function fill(
  table: Table,
  before: Documents,
  after: Documents,
  { config, onRefused }: RebuildPairOptions,
): Promise<number> {
  let count = 0;
  for await (const rows of table.all(config.batch)) {
    const known = await before.get([...rows.keys()]);
    const puts = [...rows].map(([id, thing]) => ({
      id,
      thing,
      over: undefined,
      again: false,
      source: known.get(id)?.source,
    }));
    const outcomes = await after.put(puts);
    outcomes.forEach((given, at) => {
      const put = puts[at];
      if (given.outcome === 'done') count++;
      else if (given.outcome === 'refused' && put)
        onRefused({ id: put.id, to: 'index', version: put.thing.version, why: given.why });
    });
  }
  return count;
}

async function blockWrites(client: Client, index: string): Promise<void> {
  await asked(() => client.indices.putSettings({ index, body: { 'index.blocks.write': true } }));
}

/** An index gives its name to an alias in one step. */
async function replaceIndex(client: Client, name: string, index: string): Promise<void> {
  const actions = [{ remove_index: { index: name } }, { add: { index, alias: name } }];
  await asked(() => client.indices.updateAliases({ body: { actions } }));
}
