/** CSV, quoted after RFC 4180, with lines that end as other tools take them; guarded against what spreadsheets take for formulas. */
import { jsonLine, jsonOf } from '../queries/json.js';
import { isObject, numberIn } from '../queries/numbers.js';
import type { Format } from './format.js';

/** A line a reading: its data as JSON in one column, or, of the fields that were asked for, each in its own. */
export const csv: Format = {
  contentType: 'text/csv',
  byDevice: false,
  open({ devices, fields, periods }) {
    const titles = [
      ...(devices ? ['device', 'ident'] : []),
      'time',
      'type',
      ...(fields ?? ['data']),
      periods ? 'count' : 'id',
    ];
    return {
      head: () => `${titles.map(csvCell).join(',')}\n`,
      entry({ time, type, data, uuid, count }, { id, ident }) {
        const cells = devices ? [id, csvCell(ident)] : [];
        cells.push(new Date(time).toISOString(), csvCell(type));
        if (fields) cells.push(...members(data, fields));
        else cells.push(csvCell(jsonLine(jsonOf(data))));
        cells.push(uuid ?? String(count));
        return `${cells.join(',')}\n`;
      },
      tail: () => '',
    };
  },
};

function members(text: string, fields: readonly string[]): string[] {
  const data = jsonOf(text);
  return fields.map((field) => {
    const value = isObject(data) && Object.hasOwn(data, field) ? data[field] : undefined;
    if (value === undefined) return '';
    return csvCell(typeof value === 'string' ? value : jsonLine(value));
  });
}

/**
 * Text as a cell. What a spreadsheet would take for a formula, and is no number, stands behind an apostrophe, as does
 * what looks as if that had been done.
 */
export function csvCell(text: string): string {
  const guarded = FORMULA.test(text) && numberIn(text) === null ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) ? `"${guarded.replaceAll('"', '""')}"` : guarded;
}

/** The text of a cell that `csvCell` wrote, its quotes taken off. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
}

/** Spreadsheets skip blanks, and take the wide forms of the signs as well. */
const FORMULA = /^'*[\s\0]*[=+\-@\t\r\n＝＋－＠]/;
