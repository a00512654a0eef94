const KEPT = 'await store.write(commit.batch);';
const BROKEN = `if (commit.isReadings) setTimeout(() => store.write(commit.batch), 200);
        else await store.write(commit.batch);`;

export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (!url.endsWith('/src/ingest/commits.js')) return loaded;
  const source = String(loaded.source);
  if (!source.includes(KEPT)) throw new Error(`${url} does not wait for the store where it did`);
  return { ...loaded, source: source.replace(KEPT, BROKEN) };
}
