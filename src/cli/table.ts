/** How answers look on a terminal. Text of devices is data: what would steer the terminal is shown escaped. */

import { STEERING } from '../queries/json.js';

/** One column: its heading, and its text for a row. */
export type Column<Row> = readonly [heading: string, cell: (row: Row) => string | number | boolean | null | undefined];

/** Rows as aligned columns under their headings; the last column is not padded. */
export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(([heading]) => heading),
    ...rows.map((row) => columns.map(([, cell]) => shown(cell(row)))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => width(line[i] ?? ''))));
  return lines
    .map((line) => `${line.map((text, i) => text + ' '.repeat((widths[i] ?? 0) - width(text))).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('');
}

/** A value as one cell: `-` for nothing, control characters as `\xNN` or `\u{…}`. */
export function shown(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined || value === '') return '-';
  return escaped(String(value));
}

/** Text in which nothing steers a terminal: C0, C1, DEL, bidirectional marks and line separators are escaped. */
export function escaped(text: string): string {
  return text.replace(STEERING, (char) => {
    const code = char.codePointAt(0) ?? 0;
    if (char === '\n') return '\\n';
    if (char === '\r') return '\\r';
    if (char === '\t') return '\\t';
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

function width(text: string): number {
  return [...text].length;
}

/** The same for text of many lines, whose ends stay. */
export function escapedLines(text: string): string {
  return text.replace(/[^\r\n]+/g, escaped);
}
