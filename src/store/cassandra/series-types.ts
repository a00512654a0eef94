/**
 * The types of a series. Cassandra's tables cannot list them, so they are kept as rows of the index, written with the
 * first reading of each type. A series that older deployments began has no such rows: it is looked through once, and
 * what was found is kept.
 */
import type { Session } from './session.js';
import { type Statements, typesId } from './statements.js';

/** The index's type of the row that says that a series was looked through. */
const LOOKED_THROUGH = 'looked through';
/** Rows fetched at once when a series is looked through. */
const ROWS_AT_ONCE = 5_000;

/** Types that were ever written, in the order of their bytes; `periods` gives all periods of the series. */
export async function typesOf(
  session: Session,
  statements: Statements,
  id: string,
  periods: () => Promise<string[]>,
): Promise<string[]> {
  const listed = new Set<string>();
  const marks: string[] = [];
  for await (const row of session.read(statements.dates(typesId(id), LOOKED_THROUGH))) marks.push(String(row['date']));
  for await (const row of session.read(statements.dates(typesId(id), ''))) listed.add(String(row['date']));
  if (marks.length === 0) {
    const all = await periods();
    const found = await lookThrough(session, statements, id, all);
    for (const type of found) listed.add(type);
    await session.writePartition({ statements: [...found].map((type) => statements.indexed(typesId(id), '', type)) });
    // A series without rows may be one that an older deployment begins yet.
    if (all.length > 0) await session.write(statements.indexed(typesId(id), LOOKED_THROUGH, all[0] ?? ''));
  }
  return [...listed].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

async function lookThrough(
  session: Session,
  statements: Statements,
  id: string,
  periods: readonly string[],
): Promise<Set<string>> {
  const found = new Set<string>();
  const unbounded = { from: undefined, to: undefined };
  for (const period of periods) {
    const rows = session.read(statements.rows(id, period, unbounded, 'newest', 'keys'), ROWS_AT_ONCE);
    for await (const row of rows) if (typeof row['type'] === 'string') found.add(row['type']);
  }
  return found;
}
