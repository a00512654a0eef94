/** Packets of text: commands and their answers (codec 12), dated texts (13), and those with an IMEI (14). */
import { CODEC } from './records.js';

export const TEXT = { command: 0x05, answer: 0x06, refused: 0x11 } as const;

export interface TextMessage {
  readonly codec: number;
  /** `TEXT`, or another. */
  readonly type: number;
  readonly text: string;
  /** UNIX ms, in codec 13. */
  readonly time: number | null;
}

/** Bytes before the text: codec, count, type, size; and the count behind it. */
const HEAD = 7;
/** Bytes of the date before the text of codec 13, and of the IMEI before that of codec 14. */
const BEFORE_TEXT: Readonly<Record<number, number>> = { [CODEC.command]: 0, [CODEC.dated]: 4, [CODEC.addressed]: 8 };

/** Whether packets of this codec hold a text. */
export function holdsText(codec: number): boolean {
  return codec in BEFORE_TEXT;
}

/** The text of a packet's content, or what is wrong with it, for a person. */
export function readText(content: Buffer): TextMessage | { readonly misfit: string } {
  const codec = content[0] ?? 0;
  const before = BEFORE_TEXT[codec] ?? 0;
  const end = content.length - 1;
  if (end < HEAD) return { misfit: `a text of ${content.length} bytes` };
  const size = content.readUInt32BE(3);
  if (content[1] !== 1 || content[end] !== 1) return { misfit: `counts ${content[1]} and ${content[end]}, expected 1` };
  if (HEAD + size !== end || size < before)
    return { misfit: `a text of ${size} bytes in a packet of ${content.length}` };
  const text = content.toString('utf8', HEAD + before, end);
  const time = codec === CODEC.dated ? content.readUInt32BE(HEAD) * 1_000 : null;
  return { codec, type: content[2] ?? 0, text, time };
}

/** The content of a packet with a command, or an answer to one, in codec 12. */
export function textContent(type: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  const head = Buffer.of(CODEC.command, 1, type, 0, 0, 0, 0);
  head.writeUInt32BE(bytes.length, 3);
  return Buffer.concat([head, bytes, Buffer.of(1)]);
}
