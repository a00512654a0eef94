const KEPT = 'await options.store.write(batch);';
const BROKEN = `if (batch.every((one) => one.write === 'reading')) setTimeout(() => options.store.write(batch), 200);
  else await options.store.write(batch);`;

export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith('/src/ingest/durability.js')) return loaded;
  const source = String(loaded.source);
  if (!source.includes(KEPT)) throw new Error(`${url} does not wait for the store where it did`);
  return { ...loaded, source: source.replace(KEPT, BROKEN) };
}
