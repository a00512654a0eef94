/** What a verb writes to standard output: a table for people, JSON on request. */
import { jsonLine } from '../queries/json.js';
import { type Column, table } from './table.js';

/** Writes rows as a table, or as they came with `--json`. */
export function printRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { json, none }: { json: boolean | undefined; none: string },
): void {
  if (json) for (const row of rows) print(`${jsonLine(row)}\n`);
  else if (rows.length === 0) process.stderr.write(`${none}\n`);
  else print(table(columns, rows));
}

export function print(text: string): void {
  process.stdout.write(text);
}
