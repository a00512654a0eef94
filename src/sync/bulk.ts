/** Bulk requests whose items are told apart: done, newer there already, or refused for ever; what is busy is tried again. */
import { type Client, errors } from '@opensearch-project/opensearch';
import type { Bulk_ResponseBody } from '@opensearch-project/opensearch/api/_core/bulk.js';

/** One document to put or to delete, and what must hold for it. */
export interface BulkItem {
  readonly index: string;
  readonly id: string;
  /** The document, or null: it is deleted. */
  readonly source: Readonly<Record<string, unknown>> | null;
  readonly guard: Guard;
}

/**
 * `version`: no version that is greater is there (`orEqual`: or as great). `sequence`: it is as it was read.
 * `absence`: there is none. `nothing`: any.
 */
export type Guard =
  | { readonly by: 'version'; readonly version: number; readonly orEqual: boolean }
  | { readonly by: 'sequence'; readonly seqNo: number; readonly primaryTerm: number }
  | { readonly by: 'absence' }
  | { readonly by: 'nothing' };

export type BulkOutcome =
  | { readonly outcome: 'done'; readonly state: string }
  /** Something newer is there. */
  | { readonly outcome: 'newer' }
  | { readonly outcome: 'refused'; readonly why: string };

/** The cluster is not there, or cannot take anything now. */
export class SearchAway extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SearchAway';
  }
}

/** Times that an item is tried which the cluster was too busy for, and the first wait in ms, doubled each time. */
export const MAX_ATTEMPTS = 6;
export const FIRST_WAIT = 200;
/** Characters of a reason at the most. */
const MAX_REASON = 500;
/** Bytes of a request, about, above which it is parted. */
export const MAX_BULK_BYTES = 8 << 20;

/** Sends items; resolves to one outcome each, in their order. Rejects with `SearchAway`, with some of them done. */
export async function sendBulk(
  client: Client,
  items: readonly BulkItem[],
  { wait, onRetry = () => {} }: { wait: (ms: number) => Promise<void>; onRetry?: (count: number) => void },
): Promise<BulkOutcome[]> {
  const outcomes = new Array<BulkOutcome>(items.length);
  let left = items.map((item, at) => ({ item, at }));
  for (let attempt = 1; left.length > 0; attempt++) {
    const again: typeof left = [];
    for (const part of parts(left)) {
      const body = part.flatMap(({ item }) => lines(item));
      const answer = await asked(() => client.bulk({ body }));
      answer.items.forEach((given, n) => {
        const sent = part[n];
        if (!sent) return;
        const answered = Object.values(given)[0];
        if (!answered || answered.status === 429 || answered.status >= 500) again.push(sent);
        else outcomes[sent.at] = outcomeOf(answered);
      });
    }
    if (again.length > 0 && attempt === MAX_ATTEMPTS)
      throw new SearchAway(`${again.length} documents were not taken in ${MAX_ATTEMPTS} attempts: the cluster is busy`);
    if (again.length > 0) {
      onRetry(again.length);
      await wait(FIRST_WAIT * 2 ** (attempt - 1));
    }
    left = again;
  }
  return outcomes;
}

/** What a request is answered; rejects with `SearchAway` where there is no answer, or one that says to come again. */
export async function asked<T>(request: () => Promise<{ body: T }>): Promise<T> {
  try {
    return (await request()).body;
  } catch (error) {
    throw isAway(error) ? new SearchAway(`search: ${error.message}`.slice(0, MAX_REASON), { cause: error }) : error;
  }
}

function isAway(error: unknown): error is Error {
  if (error instanceof errors.ResponseError) return error.statusCode === 429 || error.statusCode >= 500;
  return (
    error instanceof errors.ConnectionError ||
    error instanceof errors.TimeoutError ||
    error instanceof errors.NoLivingConnectionsError ||
    // An answer that was cut off.
    error instanceof errors.DeserializationError ||
    error instanceof errors.RequestAbortedError
  );
}

type Answered = Bulk_ResponseBody['items'][number]['index'];

function outcomeOf(answered: NonNullable<Answered>): BulkOutcome {
  const { status, error } = answered;
  // What is deleted and was not there is deleted.
  if (status < 300 || (status === 404 && !error)) return { outcome: 'done', state: stateOf(answered._index, answered) };
  if (status === 409) return { outcome: 'newer' };
  const causes = [error, error?.caused_by].map((cause) => cause && `${cause.type}: ${cause.reason ?? ''}`);
  return { outcome: 'refused', why: (causes.filter(Boolean).join('; ') || String(status)).slice(0, MAX_REASON) };
}

/** Tells one writing of a document from all others. */
export function stateOf(
  index: string,
  doc: { _seq_no?: number | undefined; _primary_term?: number | undefined },
): string {
  return `${index} ${doc._primary_term} ${doc._seq_no}`;
}

function lines({ index, id, source, guard }: BulkItem): object[] {
  const place = { _index: index, _id: id, ...guarded(guard) };
  if (source === null) return [{ delete: place }];
  return [guard.by === 'absence' ? { create: place } : { index: place }, source];
}

function guarded(guard: Guard): object {
  switch (guard.by) {
    case 'version':
      return { version: guard.version, version_type: guard.orEqual ? 'external_gte' : 'external' };
    case 'sequence':
      return { if_seq_no: guard.seqNo, if_primary_term: guard.primaryTerm };
    default:
      return {};
  }
}

function* parts<T extends { item: BulkItem }>(items: readonly T[]): Iterable<T[]> {
  let part: T[] = [];
  let bytes = 0;
  for (const one of items) {
    const size = one.item.source === null ? 0 : JSON.stringify(one.item.source).length;
    if (part.length > 0 && bytes + size > MAX_BULK_BYTES) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(one);
    bytes += size;
  }
  if (part.length > 0) yield part;
}
