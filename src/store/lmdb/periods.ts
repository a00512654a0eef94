/** Periods as numbers that sort: 2026-11 is 20261100, 2026-11-20 is 20261120. */

// Neighbours in a batch are of the same period nearly always, and mostly the same string.
let lastText = '';
let lastNumber = 0;

/** Throws a RangeError when the text is no period. */
export function periodNumber(text: string): number {
  if (text === lastText) return lastNumber;
  const match = /^(\d{4})-(\d\d)(?:-(\d\d))?$/.exec(text);
  if (!match) throw new RangeError(`Invalid period: ${JSON.stringify(text)}, expected such as 2026-11 or 2026-11-20`);
  lastText = text;
  lastNumber = Number(match[1]) * 10_000 + Number(match[2]) * 100 + Number(match[3] ?? 0);
  return lastNumber;
}

export function periodText(number: number): string {
  const digits = String(number).padStart(8, '0');
  const month = `${digits.slice(0, 4)}-${digits.slice(4, 6)}`;
  return digits.endsWith('00') ? month : `${month}-${digits.slice(6)}`;
}
