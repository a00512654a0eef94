import { type Client, type Parameter, query } from './client.js';

/** Entries that are asked for at once. */
const AT_ONCE = 1_000;

/** The entries of a paged list, at most `limit` of them; `path` is asked page by page as they are consumed. */
export async function* entries<Page extends { readonly next: string | null }, Entry>(
  client: Client,
  path: string,
  parameters: Readonly<Record<string, Parameter | readonly Parameter[]>>,
  limit: number,
  of: (page: Page) => readonly Entry[],
): AsyncIterable<Entry> {
  let left = limit;
  let cursor: string | null | undefined;
  while (left > 0 && cursor !== null) {
    const page = await client.json<Page>(
      'GET',
      path + query({ ...parameters, limit: Math.min(left, AT_ONCE), cursor }),
    );
    const found = of(page);
    yield* found;
    left -= found.length;
    cursor = page.next;
  }
}

/** All that an iterable gives, as a list. */
export async function gathered<Entry>(from: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = [];
  for await (const entry of from) all.push(entry);
  return all;
}
