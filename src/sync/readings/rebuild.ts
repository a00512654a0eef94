/** Fills the indices of readings anew, month by month, and puts each in the place of the one before. */
import type { Client } from '@opensearch-project/opensearch';
import type { QueryContainer } from '@opensearch-project/opensearch/api/_types/_common.query_dsl.js';
import { indicesOf, putInPlace, removeIndices } from '../aliases.js';
import { asked } from '../bulk.js';
import { createMonth, monthAlias, monthOf, putReadingsTemplate, readingsAlias } from './documents.js';
import { putReadings, type ReadingIndexerOptions, readingsOf } from './indexer.js';

export interface RebuildReadings extends Omit<ReadingIndexerOptions, 'bus' | 'name'> {
  /** Such as `2026-11`, both inclusive. */
  readonly from: string;
  readonly to: string;
}

/** Resolves to how many readings there are. */
export async function rebuildReadings(options: RebuildReadings): Promise<number> {
  const { client, prefix, from, to } = options;
  await putReadingsTemplate(client, prefix);
  let count = 0;
  for (let month = from; month <= to; month = monthOf(endOf(month) + 1)) count += await rebuildMonth(options, month);
  return count;
}

async function rebuildMonth(options: RebuildReadings, month: string): Promise<number> {
  const { client, prefix, now } = options;
  const aliases = [monthAlias(prefix, month), readingsAlias(prefix)];
  const before = await indicesOf(client, monthAlias(prefix, month));
  const startedAt = now();
  const index = await createMonth(client, prefix, month, startedAt);
  let count = 0;
  const types = [...options.types];
  for await (const some of readingsOf(options, types, Date.parse(`${month}-01`), endOf(month)))
    count += await putReadings(options, some, () => index);
  // Those of other types are in the month as well.
  await copy(client, before, index, { bool: { must_not: [{ terms: { type: types } }] } });
  await asked(() => client.indices.refresh({ index }));
  await putInPlace(client, aliases, index, before);
  // What was written to the one before meanwhile.
  await copy(client, before, index, { range: { received: { gte: startedAt - OVERLAP } } });
  await removeIndices(client, before);
  return count;
}

async function copy(client: Client, from: readonly string[], to: string, query: QueryContainer): Promise<void> {
  if (from.length === 0) return;
  await asked(() => client.indices.refresh({ index: [...from] }));
  const body = { source: { index: [...from], query }, dest: { index: to } };
  await asked(() => client.reindex({ body, wait_for_completion: true }));
}

/** Milliseconds a reading may take from its arrival to the index. */
const OVERLAP = 3_600_000;

/** The last millisecond of a month. */
function endOf(month: string): number {
  const first = new Date(`${month}-01`);
  return Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1) - 1;
}
