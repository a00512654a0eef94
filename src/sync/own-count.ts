/** How many documents the indices of our own data have. */
import type { Client } from '@opensearch-project/opensearch';
import { devicesAlias } from './devices/documents.js';
import { readingsAlias } from './readings/documents.js';
import { connectSearch, type SearchConnection } from './search.js';

/** Milliseconds an index may take to answer. */
const ANSWER_WITHIN = 5_000;

/** Of each index; null: there is no answer. One that is not there yet has none. */
export async function countOwn(
  search: SearchConnection,
  prefix: string,
): Promise<{ devices: number; readings: number } | null> {
  const client = connectSearch(search);
  try {
    const [devices, readings] = await Promise.all([
      countOf(client, devicesAlias(prefix)),
      countOf(client, readingsAlias(prefix)),
    ]);
    return { devices, readings };
  } catch {
    return null;
  } finally {
    await client.close();
  }
}

async function countOf(client: Client, index: string): Promise<number> {
  const { body } = await client.count({ index, ignore_unavailable: true }, { requestTimeout: ANSWER_WITHIN });
  return body.count;
}
