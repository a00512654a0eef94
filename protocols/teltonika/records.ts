/** The records of a packet: where, when, and the inputs and outputs; codecs 8, 8 extended and 16. */
export const CODEC = {
  avl: 0x08,
  avlExtended: 0x8e,
  avl16: 0x10,
  command: 0x0c,
  dated: 0x0d,
  addressed: 0x0e,
} as const;

/** How a codec writes the inputs and outputs of a record. */
interface Form {
  /** Bytes of an id, and of a count. */
  readonly id: 1 | 2;
  readonly count: 1 | 2;
  /** Whether a byte behind the event says why the record was made. */
  readonly generation: boolean;
  /** Whether values of any length follow those of 1, 2, 4 and 8 bytes. */
  readonly anyLength: boolean;
}

const FORMS: ReadonlyMap<number, Form> = new Map<number, Form>([
  [CODEC.avl, { id: 1, count: 1, generation: false, anyLength: false }],
  [CODEC.avlExtended, { id: 2, count: 2, generation: false, anyLength: true }],
  [CODEC.avl16, { id: 2, count: 1, generation: true, anyLength: false }],
]);

/** Whether packets of this codec hold records. */
export function holdsRecords(codec: number): boolean {
  return FORMS.has(codec);
}

export interface AvlRecord {
  /** UNIX ms. */
  readonly time: number;
  /** 0 low, 1 high, 2 panic. */
  readonly priority: number;
  /** Degrees. */
  readonly lat: number;
  readonly lon: number;
  /** Metres. */
  readonly alt: number;
  /** Degrees from north. */
  readonly head: number;
  readonly sat: number;
  /** km/h */
  readonly spd: number;
  /** Id of the value for which the record was made, 0: none. */
  readonly event: number;
  /** Why it was made, in codec 16. */
  readonly generation: number | null;
  readonly values: readonly IoValue[];
  /** All of the record, for what must be kept as it came. */
  readonly bytes: Buffer;
}

/** One input or output. */
export interface IoValue {
  readonly id: number;
  readonly bytes: Buffer;
}

/** What is wrong with a packet, for a person; nothing of it may be acknowledged. */
export interface Misfit {
  readonly misfit: string;
}

const HEAD_BYTES = 24;
/**
 * Where the fields before the inputs and outputs stand. They are read by hand, as nearly everything that a device sends is
 * records: a declared layout takes as long as all the rest.
 */
const AT = { time: 0, priority: 8, lon: 9, lat: 13, alt: 17, head: 19, sat: 21, spd: 22 } as const;
/** Degrees are ten-millionths. */
export const DEGREE = 10_000_000;
const WIDTHS = [1, 2, 4, 8] as const;

/** The records of a packet's content, from its codec to its second count, all of them or none. */
export function readRecords(content: Buffer): readonly AvlRecord[] | Misfit {
  const form = FORMS.get(content[0] ?? 0);
  if (!form) return { misfit: `codec ${hexByte(content[0])} holds no records` };
  const count = content[1] ?? 0;
  const end = content.length - 1;
  const records: AvlRecord[] = [];
  const place = { at: 2 };
  for (let number = 0; number < count; number++) {
    const record = readRecord(content, place, end, form);
    if (record === null) return { misfit: `record ${number + 1} of ${count} goes past the end` };
    records.push(record);
  }
  if (place.at !== end) return { misfit: `${end - place.at} bytes behind the last of ${count} records` };
  if (content[end] !== count) return { misfit: `counts that differ: ${count} before, ${content[end]} behind` };
  return records;
}

function readRecord(content: Buffer, place: { at: number }, end: number, form: Form): AvlRecord | null {
  const start = place.at;
  if (start + HEAD_BYTES > end) return null;
  const io = new IoReader(content, start + HEAD_BYTES, end, form);
  const event = io.id();
  const generation = form.generation ? io.number(1) : null;
  // How many there are in all follows from the groups, and some firmwares count otherwise.
  io.number(form.count);
  const values: IoValue[] = [];
  for (const width of WIDTHS) io.group(values, width);
  if (form.anyLength) io.group(values, null);
  if (io.past) return null;
  place.at = io.at;
  return {
    time: content.readUInt32BE(start + AT.time) * 2 ** 32 + content.readUInt32BE(start + AT.time + 4),
    priority: content.readUInt8(start + AT.priority),
    lat: content.readInt32BE(start + AT.lat) / DEGREE,
    lon: content.readInt32BE(start + AT.lon) / DEGREE,
    alt: content.readInt16BE(start + AT.alt),
    head: content.readUInt16BE(start + AT.head),
    sat: content.readUInt8(start + AT.sat),
    spd: content.readUInt16BE(start + AT.spd),
    event,
    generation,
    values,
    bytes: content.subarray(start, io.at),
  };
}

/** Reads on as long as there are bytes; past them all is 0, and `past` says so. */
class IoReader {
  past = false;

  constructor(
    readonly bytes: Buffer,
    public at: number,
    readonly end: number,
    readonly form: Form,
  ) {}

  id(): number {
    return this.number(this.form.id);
  }

  number(width: 1 | 2): number {
    if (this.past || this.at + width > this.end) {
      this.past = true;
      return 0;
    }
    this.at += width;
    return width === 1 ? this.bytes.readUInt8(this.at - 1) : this.bytes.readUInt16BE(this.at - 2);
  }

  /** A group of values, all of one width, or each with its own. */
  group(values: IoValue[], width: number | null): void {
    const count = this.number(this.form.count);
    for (let number = 0; number < count && !this.past; number++) {
      const id = this.id();
      const bytes = this.take(width ?? this.number(2));
      if (bytes) values.push({ id, bytes });
    }
  }

  take(length: number): Buffer | null {
    if (this.past || this.at + length > this.end) {
      this.past = true;
      return null;
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** What of a record a device writes; values of other widths than 1, 2, 4 and 8 bytes need codec 8 extended. */
export interface RecordToWrite {
  readonly time: number;
  readonly priority?: number;
  readonly lat: number;
  readonly lon: number;
  readonly alt?: number;
  readonly head?: number;
  readonly sat: number;
  readonly spd?: number;
  readonly event?: number;
  readonly generation?: number;
  readonly values?: readonly IoValue[];
}

/** The content of a packet of records, at most 255. Throws RangeError on what the codec cannot hold. */
export function recordsContent(codec: number, records: readonly RecordToWrite[]): Buffer {
  const form = FORMS.get(codec);
  if (!form || records.length > 255)
    throw new RangeError(`Invalid packet: codec ${hexByte(codec)} with ${records.length} records`);
  const count = Buffer.of(records.length);
  return Buffer.concat([Buffer.of(codec), count, ...records.map((record) => recordBytes(record, form)), count]);
}

function recordBytes(record: RecordToWrite, form: Form): Buffer {
  const { values = [], alt = 0, head = 0, spd = 0 } = record;
  const bytes = Buffer.alloc(HEAD_BYTES);
  bytes.writeUInt32BE(Math.floor(record.time / 2 ** 32), AT.time);
  bytes.writeUInt32BE(record.time % 2 ** 32, AT.time + 4);
  bytes.writeUInt8(record.priority ?? 0, AT.priority);
  bytes.writeInt32BE(Math.round(record.lon * DEGREE), AT.lon);
  bytes.writeInt32BE(Math.round(record.lat * DEGREE), AT.lat);
  bytes.writeInt16BE(within(alt, -0x8000, 0x7fff), AT.alt);
  bytes.writeUInt16BE(within(head, 0, 0xffff), AT.head);
  bytes.writeUInt8(within(record.sat, 0, 0xff), AT.sat);
  bytes.writeUInt16BE(within(spd, 0, 0xffff), AT.spd);
  const parts = [bytes, unsigned(record.event ?? 0, form.id)];
  if (form.generation) parts.push(unsigned(record.generation ?? 0, 1));
  parts.push(unsigned(values.length, form.count));
  const isFixed = ({ bytes: value }: IoValue) => WIDTHS.some((width) => width === value.length);
  for (const width of WIDTHS) {
    const group = values.filter((value) => value.bytes.length === width);
    parts.push(unsigned(group.length, form.count));
    for (const value of group) parts.push(unsigned(value.id, form.id), value.bytes);
  }
  const others = values.filter((value) => !isFixed(value));
  if (form.anyLength) parts.push(unsigned(others.length, form.count));
  else if (others.length > 0) throw new RangeError(`Invalid value of ${others[0]?.bytes.length} bytes in this codec`);
  for (const value of others) parts.push(unsigned(value.id, form.id), unsigned(value.bytes.length, 2), value.bytes);
  return Buffer.concat(parts);
}

function unsigned(value: number, width: 1 | 2): Buffer {
  const bytes = Buffer.alloc(width);
  bytes.writeUIntBE(value, 0, width);
  return bytes;
}

function within(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.round(value)));
}

function hexByte(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, '0');
}
