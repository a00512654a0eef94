import type { Entry } from '../queries/readings.js';
import { type ExportedDevice, type ExportOptions, FORMATS, type Format, type FormatName } from './format.js';

/** Characters handed on at once. */
const PIECE = 32_768;

export interface Export extends ExportOptions {
  readonly format: FormatName;
  readonly of: readonly ExportedDevice[];
  /** Entries at the most. */
  readonly limit: number;
  /** Batches of the entries of some of these devices (UUIDs). */
  readonly entries: (devices: readonly string[]) => AsyncIterable<readonly Entry[]>;
}

/** The text of an export in pieces of about 32 KiB; what is not asked for yet is not read yet. */
export async function* writeExport({ format, of, limit, entries, ...options }: Export): AsyncIterable<string> {
  const { byDevice, open } = FORMATS[format];
  const writer = open(options);
  const known = new Map(of.map((device) => [device.id, device]));
  let left = limit;
  let text = writer.head();
  for (const some of byDevice ? of.map((device) => [device]) : [of]) {
    const [first] = some;
    if (byDevice && first) text += writer.beginDevice?.(first) ?? '';
    if (left > 0) {
      for await (const batch of entries(some.map(({ id }) => id))) {
        for (const entry of batch.slice(0, left)) {
          const device = known.get(entry.device);
          if (device) text += writer.entry(entry, device);
          if (text.length < PIECE) continue;
          yield text;
          text = '';
        }
        left -= Math.min(left, batch.length);
        if (left === 0) break;
      }
    }
    if (byDevice) text += writer.endDevice?.() ?? '';
  }
  yield text + writer.tail();
}

/** The same of entries that come with their devices, in a format that takes them in any order. */
export async function* writeEntries(
  { open }: Format,
  options: ExportOptions,
  batches: AsyncIterable<readonly { readonly device: ExportedDevice; readonly entry: Entry }[]>,
): AsyncIterable<string> {
  const writer = open(options);
  let text = writer.head();
  for await (const batch of batches) {
    for (const { device, entry } of batch) text += writer.entry(entry, device);
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield text + writer.tail();
}
