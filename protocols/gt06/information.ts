/** `94`: what a device tells of itself, by a kind of its own. */
import { readDigits } from '../bcd.js';

/** What an information says: values as JSON text by type, and status by name. */
export interface Information {
  readonly values: readonly (readonly [type: string, data: string])[];
  readonly status: readonly (readonly [name: string, value: string])[];
}

/** What an information says, or null: its kind is not known, or it is too short for its kind. */
export function readInformation(content: Buffer): Information | null {
  const [kind = -1] = content;
  const reader = readers.get(kind);
  const body = content.subarray(1);
  return reader && body.length >= reader.least ? reader.read(body) : null;
}

interface Reader {
  /** Bytes that it takes at least. */
  readonly least: number;
  readonly read: (body: Buffer) => Information | null;
}

const readers: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [0x00, { least: 2, read: (body) => ({ values: [['sen:power', String(body.readUInt16BE() / 100)]], status: [] }) }],
  [0x04, { least: 1, read: (body) => ({ values: [], status: [['terminal', printable(body)]] }) }],
  [0x05, { least: 1, read: (body) => ({ values: [['sen:door', (body[0] ?? 0) & 1 ? 'true' : 'false']], status: [] }) }],
  [0x0a, { least: 26, read: sim }],
]);

/** `imei`, `imsi` and `iccid` in BCD, of 8, 8 and 10 bytes. */
function sim(body: Buffer): Information | null {
  const imsi = readDigits(body, 8, 8);
  const iccid = body.toString('hex', 16, 26).replace(/f+$/, '');
  if (imsi === null) return null;
  return {
    values: [],
    status: [
      ['imsi', imsi.replace(/^0/, '')],
      ['iccid', iccid],
    ],
  };
}

function printable(body: Buffer): string {
  return body
    .toString('latin1')
    .replace(/[^\x20-\x7e]/g, ' ')
    .trim();
}
