/**
 * Makes rows and documents of some ids the same. Both are looked at as they are now, and of two that say different things
 * the one changed later is written over the other; of two changed at the same time the row is. So it does not matter how
 * often, how late, or how far it is done: what is the same already is left alone.
 */
import { SearchAway } from './bulk.js';
import { NotFitting } from './columns.js';
import type { Document, Documents, Put } from './documents.js';
import { RowRefused, type Table } from './table.js';
import { saysTheSame, type Thing, tombstone } from './thing.js';

/** What was done: a run's cost. */
export interface Work {
  rowsRead: number;
  rowsWritten: number;
  documentsRead: number;
  documentsWritten: number;
  /** Items of bulk requests that were sent again. */
  retried: number;
  refused: number;
}

export function noWork(): Work {
  return { rowsRead: 0, rowsWritten: 0, documentsRead: 0, documentsWritten: 0, retried: 0, refused: 0 };
}

/** What one side will not take. */
export interface Refusal {
  readonly id: string;
  /** Where it was to be written. */
  readonly to: 'index' | 'table';
  /** Of what was to be written, UNIX microseconds. */
  readonly version: number;
  readonly why: string;
}

export interface Sides {
  readonly table: Table;
  readonly documents: Documents;
  readonly work: Work;
  readonly onRefused: (refusal: Refusal) => void;
  /** Told of each id that is the same on both sides; `state` of its document where that was written just now. */
  readonly onSame: (id: string, state: string | null) => void;
}

/** Looks at an id whose document changes while it is written, at the most. */
export const MAX_LOOKS = 5;

/**
 * `listed`: the ids, each with when Cassandra's side listed it as changed (UNIX microseconds, 0: it did not), which is
 * when a row that is not there was deleted. `known`: rows that were just read.
 */
export async function reconcile(
  sides: Sides,
  listed: ReadonlyMap<string, number>,
  known?: ReadonlyMap<string, Thing>,
): Promise<void> {
  let left = [...listed.keys()];
  for (let look = 0; left.length > 0; look++) {
    if (look === MAX_LOOKS) throw new SearchAway(`${left.length} documents changed whenever they were to be written`);
    const rows = look === 0 && known ? known : await readRows(sides, left);
    left = await reconcileOnce(sides, left, listed, rows, look > 0);
  }
}

/** Resolves to the ids whose documents were changed by somebody meanwhile. */
async function reconcileOnce(
  sides: Sides,
  ids: readonly string[],
  listed: ReadonlyMap<string, number>,
  rows: ReadonlyMap<string, Thing>,
  again: boolean,
): Promise<string[]> {
  const { documents, work, onSame } = sides;
  const found = await documents.get(ids);
  work.documentsRead += ids.length;
  const puts: Put[] = [];
  const writes: Promise<void>[] = [];
  for (const id of ids) {
    const row = rows.get(id) ?? deletedRow(listed.get(id) ?? 0);
    const over = found.get(id);
    const step = stepOf(row, rows.has(id), over);
    if (step === 'none') onSame(id, null);
    else if (step === 'to index' && row) puts.push({ id, thing: row, over, again });
    else if (step === 'to table' && over) writes.push(writeRow(sides, id, over));
  }
  await Promise.all(writes);
  return puts.length === 0 ? [] : putDocuments(sides, puts);
}

/** Which way an id goes. A tombstone and nothing at all are the same. */
function stepOf(
  row: Thing | undefined,
  isThere: boolean,
  over: Document | undefined,
): 'none' | 'to index' | 'to table' {
  if (!over) return row && isThere && !row.deleted ? 'to index' : 'none';
  const { thing } = over;
  if (thing instanceof NotFitting) return row && row.version >= over.version ? 'to index' : 'to table';
  if (!row) return thing.deleted ? 'none' : 'to table';
  if (!isThere && thing.deleted) return 'none';
  if (saysTheSame(row, thing)) return 'none';
  return row.version >= over.version ? 'to index' : 'to table';
}

function deletedRow(listed: number): Thing | undefined {
  return listed > 0 ? tombstone(listed) : undefined;
}

async function readRows({ table, work }: Sides, ids: readonly string[]): Promise<Map<string, Thing>> {
  const rows = await table.rows(ids);
  work.rowsRead += ids.length;
  return rows;
}

async function writeRow(
  { table, work, onRefused, onSame }: Sides,
  id: string,
  { thing, version }: Document,
): Promise<void> {
  try {
    if (thing instanceof NotFitting) throw new RowRefused(thing.message);
    await table.write(id, thing);
    work.rowsWritten++;
    onSame(id, null);
  } catch (error) {
    if (!(error instanceof RowRefused)) throw error;
    work.refused++;
    onRefused({ id, to: 'table', version, why: error.message });
  }
}

async function putDocuments({ documents, work, onRefused, onSame }: Sides, puts: readonly Put[]): Promise<string[]> {
  const again: string[] = [];
  const outcomes = await documents.put(puts);
  outcomes.forEach((given, at) => {
    const put = puts[at];
    if (!put) return;
    const { id, thing } = put;
    if (given.outcome === 'newer') again.push(id);
    else if (given.outcome === 'done') {
      work.documentsWritten++;
      onSame(id, given.state);
    } else {
      work.refused++;
      onRefused({ id, to: 'index', version: thing.version, why: given.why });
    }
  });
  return again;
}
