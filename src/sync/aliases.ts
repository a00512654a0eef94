/** Indices behind aliases: another is put in the place of the one before in one step, so that nobody misses anything. */
import type { Client } from '@opensearch-project/opensearch';
import { asked } from './bulk.js';

/** Indices that an alias is of; none where there is no such alias. */
export async function indicesOf(client: Client, alias: string): Promise<string[]> {
  if (!(await asked(() => client.indices.existsAlias({ name: alias })))) return [];
  return Object.keys(await asked(() => client.indices.getAlias({ name: alias })));
}

/** Gives the aliases to an index alone, in one step; `from` are the indices that had them. */
export async function putInPlace(
  client: Client,
  aliases: readonly string[],
  index: string,
  from: readonly string[],
): Promise<void> {
  const removed = aliases.flatMap((alias) => from.map((before) => ({ remove: { index: before, alias } })));
  const added = aliases.map((alias) => ({ add: { index, alias } }));
  await asked(() => client.indices.updateAliases({ body: { actions: [...removed, ...added] } }));
}

export async function removeIndices(client: Client, indices: readonly string[]): Promise<void> {
  if (indices.length > 0) await asked(() => client.indices.delete({ index: [...indices], ignore_unavailable: true }));
}
