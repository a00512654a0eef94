/** What an export is written as: text in pieces, so that any number of readings goes through in constant memory. */
import type { Entry } from '../queries/readings.js';
import { csv } from './csv.js';
import { geojson } from './geojson.js';
import { gpx } from './gpx.js';
import { kml } from './kml.js';
import { ndjson } from './ndjson.js';

export const FORMATS = { ndjson, csv, geojson, gpx, kml } as const;
export type FormatName = keyof typeof FORMATS;

export interface Format {
  readonly contentType: string;
  /** Whether a device's entries come together, one device after the other; else all by time. */
  readonly byDevice: boolean;
  /** A writer for one export. */
  open(options: ExportOptions): Writer;
}

export interface ExportOptions {
  /** Whether entries say which device they are of. */
  readonly devices: boolean;
  /** Members of data that were asked for. */
  readonly fields: readonly string[] | undefined;
  /** Whether entries are of periods. */
  readonly periods: boolean;
}

/** Writes one export: its head, the entries, its tail, in this order. */
export interface Writer {
  head(): string;
  /** Before the entries of a device, where they come together. */
  beginDevice?(device: ExportedDevice): string;
  /** Empty for what the format has no place for. */
  entry(entry: Entry, device: ExportedDevice): string;
  endDevice?(): string;
  tail(): string;
}

export interface ExportedDevice {
  /** UUID. */
  readonly id: string;
  readonly ident: string;
  readonly name: string | null;
}
