/** Documents that do not come out of a pair's table, carried from its index to the one that is filled anew. */
import type { Client } from '@opensearch-project/opensearch';
import { asked, type BulkItem, sendBulk } from './bulk.js';
import type { Document, Documents } from './documents.js';
import type { Refusal } from './reconcile.js';

export interface CopyOptions {
  readonly client: Client;
  /** The new index. */
  readonly index: string;
  /** Where those are kept that the new index refuses. */
  readonly aside: string;
  readonly batch: number;
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly onRefused: (refusal: Refusal) => void;
}

/**
 * Copies, of the documents that changed since UNIX ms (null: all), those that the new index lacks or has older. What the
 * new index refuses is told, and kept whole in an index of its own: nobody else has it.
 */
export async function copyOthers(
  from: Documents,
  to: Documents,
  since: number | null,
  options: CopyOptions,
): Promise<void> {
  for await (const page of from.changed(since, options.batch)) {
    const ids = [...page.keys()];
    const [found, there] = await Promise.all([from.get(ids), to.get(ids)]);
    const others = [...found].filter(([id, { version }]) => version > (there.get(id)?.version ?? -1));
    await copy(others, options);
  }
}

async function copy(others: readonly [string, Document][], options: CopyOptions): Promise<void> {
  const { client, index, aside, now, wait, onRefused } = options;
  const items = others.map(
    ([id, { source, version }]): BulkItem => ({
      index,
      id,
      source,
      guard: { by: 'version', version, orEqual: false },
    }),
  );
  const outcomes = await sendBulk(client, items, { wait });
  const kept: BulkItem[] = [];
  const refusals: Refusal[] = [];
  outcomes.forEach((given, at) => {
    const other = others[at];
    if (given.outcome !== 'refused' || !other) return;
    const [id, { source, version }] = other;
    refusals.push({ id, to: 'index', version, why: given.why });
    const document = { why: given.why, at: now(), source };
    kept.push({ index: aside, id, source: document, guard: { by: 'nothing' } });
  });
  if (kept.length === 0) return;
  await ensureAside(client, aside);
  const [refused] = (await sendBulk(client, kept, { wait })).filter(({ outcome }) => outcome === 'refused');
  // The index before is still there: better none is removed than that something is lost.
  if (refused?.outcome === 'refused') throw new Error(`${aside} does not take what is set aside: ${refused.why}`);
  for (const refusal of refusals) onRefused(refusal);
}

/** It takes any document: nothing within `source` is indexed. */
async function ensureAside(client: Client, aside: string): Promise<void> {
  if (await asked(() => client.indices.exists({ index: aside }))) return;
  const properties = {
    why: { type: 'text' as const },
    at: { type: 'date' as const },
    source: { type: 'object' as const, enabled: false },
  };
  await asked(() => client.indices.create({ index: aside, body: { mappings: { dynamic: false, properties } } }));
}
