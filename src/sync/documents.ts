/** The index's side of a pair: its documents, each with a field that says when it was changed. */
import type { Client } from '@opensearch-project/opensearch';
import type { Search_RequestBody } from '@opensearch-project/opensearch/api/_core/search.js';
import type { QueryContainer, RangeQuery } from '@opensearch-project/opensearch/api/_types/_common.query_dsl.js';
import { asked, type BulkItem, type BulkOutcome, type Guard, sendBulk, stateOf } from './bulk.js';
import { type Field, NotFitting, toColumn } from './columns.js';
import type { PairConfig, TimestampUnit } from './config.js';
import { fieldOf, withField } from './fields.js';
import type { Thing } from './thing.js';

export interface Document {
  /** What it says, or why that has no place in the table. */
  readonly thing: Thing | NotFitting;
  /** As `thing.version`, known of one that does not fit as well. */
  readonly version: number;
  readonly source: Readonly<Record<string, unknown>>;
  /** Of the index: `version` is that of the timestamp where it was written so. */
  readonly indexed: { readonly version: number; readonly seqNo: number; readonly primaryTerm: number };
}

export interface Documents {
  /** Those that there are, by id, as they are at this moment. */
  get(ids: readonly string[]): Promise<Map<string, Document>>;
  /** Ids of those changed since UNIX ms, each with the `stateOf` it; null: all of them. */
  changed(since: number | null, batch: number): AsyncIterable<Map<string, string>>;
  /** Puts or (with a tombstone and no field for it) deletes, what is newer there stays; outcomes in the order given. */
  put(puts: readonly Put[]): Promise<BulkOutcome[]>;
}

export interface Put {
  readonly id: string;
  readonly thing: Thing;
  /** What is there, as far as is known. */
  readonly over: Document | undefined;
  /** Whether to put it although something newer was there, which is deleted by now. */
  readonly again: boolean;
  /** What it is put into; by default what is there. */
  readonly source?: Document['source'] | undefined;
}

/** How long a list of documents is kept between two pages. */
const SCROLL = '5m';

export interface DocumentsOptions {
  readonly wait: (ms: number) => Promise<void>;
  readonly onRetry?: (count: number) => void;
}

/** `index` in place of the pair's own, where it is filled anew. */
export function openDocuments(
  client: Client,
  pair: PairConfig,
  options: DocumentsOptions,
  index = pair.index,
): Documents {
  const { timestampField, timestampUnit, deleted, columns, idField } = pair;

  function document(found: {
    _source: Record<string, unknown>;
    _version: number;
    _seq_no: number;
    _primary_term: number;
  }): Document {
    const source = found._source;
    const version = toMicroseconds(fieldOf(source, timestampField), timestampUnit) ?? 0;
    return {
      source,
      version,
      thing: thing(source, version),
      indexed: { version: found._version, seqNo: found._seq_no, primaryTerm: found._primary_term },
    };
  }

  function thing(source: Readonly<Record<string, unknown>>, version: number): Thing | NotFitting {
    if (deleted && fieldOf(source, deleted.field) === true) return { version, deleted: true, fields: new Map() };
    const fields = new Map<string, Field>();
    try {
      for (const { field, type } of columns) {
        const given = fieldOf(source, field);
        fields.set(
          field,
          fitting(field, () => toColumn(type, given).field),
        );
      }
    } catch (error) {
      if (error instanceof NotFitting) return error;
      throw error;
    }
    return { version, deleted: false, fields };
  }

  async function get(ids: readonly string[]): Promise<Map<string, Document>> {
    if (ids.length === 0) return new Map();
    const { docs } = await asked(() => client.mget({ index, body: { ids: [...ids] } }));
    const found = new Map<string, Document>();
    for (const doc of docs) {
      if (!('found' in doc) || !doc.found) continue;
      const { _source = {}, _version = 0, _seq_no = 0, _primary_term = 0 } = doc;
      found.set(doc._id, document({ _source, _version, _seq_no, _primary_term }));
    }
    return found;
  }

  async function* changed(since: number | null, batch: number): AsyncIterable<Map<string, string>> {
    // What was written is found once the index is refreshed.
    await asked(() => client.indices.refresh({ index, ignore_unavailable: true }));
    const query: QueryContainer = since === null ? { match_all: {} } : { range: { [timestampField]: from(since) } };
    const listed: Search_RequestBody = { query, sort: ['_doc'], _source: false, seq_no_primary_term: true };
    let page = await asked(() => client.search({ index, scroll: SCROLL, size: batch, body: listed }));
    try {
      while (page.hits.hits.length > 0) {
        yield new Map(page.hits.hits.map((hit) => [String(hit._id), stateOf(hit._index ?? index, hit)]));
        const scroll_id = page._scroll_id;
        if (scroll_id === undefined) break;
        page = await asked(() => client.scroll({ body: { scroll_id, scroll: SCROLL } }));
      }
    } finally {
      const scroll_id = page._scroll_id;
      if (scroll_id !== undefined) await client.clearScroll({ body: { scroll_id: [scroll_id] } }).catch(() => {});
    }
  }

  function from(since: number): RangeQuery {
    const least = fromMicroseconds(since * 1_000, timestampUnit);
    return typeof least === 'number' ? { gte: least } : { gte: least };
  }

  function item({ id, thing, over, again, source: given }: Put): BulkItem {
    const guard: Guard = !over && again ? { by: 'absence' } : guardOf(thing, over);
    if (thing.deleted && !deleted) return { index, id, source: null, guard };
    const version = fromMicroseconds(thing.version, timestampUnit);
    let source: Readonly<Record<string, unknown>> = withField(given ?? over?.source ?? {}, timestampField, version);
    if (idField) source = withField(source, idField, id);
    if (deleted) source = withField(source, deleted.field, thing.deleted);
    for (const { field } of columns) source = withField(source, field, thing.fields.get(field) ?? null);
    return { index, id, source, guard };
  }

  /** Written by its timestamp, it stays so; a document written without is changed only as it was read. */
  function guardOf(thing: Thing, over: Document | undefined): Guard {
    if (!over) return { by: 'version', version: thing.version, orEqual: false };
    const { version, seqNo, primaryTerm } = over.indexed;
    const isByTimestamp = Math.abs(version - over.version) < PRECISION[timestampUnit] && version <= thing.version;
    if (!isByTimestamp) return { by: 'sequence', seqNo, primaryTerm };
    return { by: 'version', version: thing.version, orEqual: version === thing.version };
  }

  return { get, changed, put: (puts) => sendBulk(client, puts.map(item), options) };
}

/** Microseconds of one step of a unit. */
const PRECISION: Readonly<Record<TimestampUnit, number>> = { s: 1e6, ms: 1e3, us: 1, date: 1e3 };

/** UNIX microseconds of a timestamp field, or null: it has none. */
export function toMicroseconds(value: unknown, unit: TimestampUnit): number | null {
  const given = unit === 'date' ? Date.parse(String(value)) : Number(value ?? Number.NaN);
  const version = Math.floor(given * PRECISION[unit]);
  return Number.isSafeInteger(version) && version >= 0 ? version : null;
}

/** What of a timestamp its field can hold. */
export function fromMicroseconds(version: number, unit: TimestampUnit): number | string {
  if (unit === 'date') return new Date(Math.floor(version / 1_000)).toISOString();
  return Math.floor(version / PRECISION[unit]);
}

function fitting(field: string, task: () => Field): Field {
  try {
    return task();
  } catch (error) {
    if (error instanceof NotFitting) throw new NotFitting(`${field}: ${error.message}`);
    throw error;
  }
}
