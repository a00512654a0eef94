/** Readings for what is tested of the spool. */
import { derivedTimeUuid } from '../../src/series/time-uuid.js';
import type { ReadingWrite } from '../../src/store/store.js';

const FIRST_DATE = Date.UTC(2026, 10, 20);

/** The nth reading of a series, `size` characters long. */
export function readingOf(n: number, { id = 'dev-1', size = 0, received = FIRST_DATE + n } = {}): ReadingWrite {
  const data = JSON.stringify(`${n}${'x'.repeat(size)}`);
  const time = derivedTimeUuid(FIRST_DATE + n, 'n', data);
  return { write: 'reading', id, type: 'n', period: '2026-11', time, data, received, expires: 0 };
}

/** The number a reading was made with. */
export function numberOf({ data }: ReadingWrite): number {
  return Number.parseInt(JSON.parse(data), 10);
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
