/** Fills an index of devices anew while the one before is asked and written, and puts it in its place. */
import { indicesOf, putInPlace, removeIndices } from '../aliases.js';
import { asked } from '../bulk.js';
import { createDevicesIndex, devicesAlias } from './documents.js';
import { DEVICES_AT_ONCE, type DeviceItemParts, deviceIds, itemsOf, putItems } from './items.js';

/** Resolves to how many devices it has. */
export async function rebuildDevices(parts: DeviceItemParts): Promise<number> {
  const { client, prefix, devices, now } = parts;
  const alias = devicesAlias(prefix);
  const startedAt = now();
  const before = await indicesOf(client, alias);
  const index = await createDevicesIndex(client, prefix, startedAt, false);
  let count = 0;
  for await (const ids of deviceIds(devices, false)) count += await putItems(parts, await itemsOf(parts, ids, index));
  await asked(() => client.indices.refresh({ index }));
  await putInPlace(client, [alias], index, before);
  // What was written to the one before meanwhile: as it is now, written once more.
  if (before.length > 0) {
    await asked(() => client.indices.refresh({ index: before }));
    const ids = await writtenSince(parts, before, startedAt);
    for (let at = 0; at < ids.length; at += DEVICES_AT_ONCE)
      await putItems(parts, await itemsOf(parts, ids.slice(at, at + DEVICES_AT_ONCE), alias));
  }
  await removeIndices(client, before);
  return count;
}

async function writtenSince({ client }: DeviceItemParts, indices: readonly string[], since: number): Promise<string[]> {
  const ids: string[] = [];
  const query = { range: { indexed: { gte: since * 1_000 } } };
  let page = await asked(() =>
    client.search({ index: [...indices], scroll: '5m', size: 1_000, body: { query, sort: ['_doc'], _source: false } }),
  );
  while (page.hits.hits.length > 0) {
    ids.push(...page.hits.hits.map((hit) => String(hit._id)));
    const scroll_id = page._scroll_id;
    if (scroll_id === undefined) break;
    page = await asked(() => client.scroll({ body: { scroll_id, scroll: '5m' } }));
  }
  return ids;
}
