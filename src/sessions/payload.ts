/** Payloads as a session file writes them: hex pairs, `??`, and quoted text with escapes and `{*}`. */
import type { Part } from './session-file.js';

/** Reads a payload and the comment behind it. Throws `PayloadError` with what stands there and what is taken. */
export function parsePayload(text: string): { parts: Part[]; comment: string } {
  const parts: Part[] = [];
  let at = 0;
  for (;;) {
    while (SPACE.test(text[at] ?? '')) at++;
    if (at >= text.length) return { parts, comment: '' };
    if (text[at] === '#') return { parts, comment: text.slice(at + 1).trim() };
    at = text[at] === '"' ? parseQuoted(text, at, parts) : parsePair(text, at, parts);
  }
}

/** A payload in the notation of the format; the inverse of `parsePayload` for parts that are merged. */
export function writePayload(parts: readonly Part[]): string {
  let out = '';
  let quoted = false;
  const leaveText = () => {
    if (quoted) out += '"';
    quoted = false;
  };
  for (const part of parts) {
    const inText = part.part === 'anyRun' || (part.part === 'bytes' && part.as === 'text');
    if (!inText) leaveText();
    if (!quoted) out += inText ? `${out && ' '}"` : out && ' ';
    quoted = inText;
    if (part.part === 'anyByte') out += '??';
    else if (part.part === 'anyRun') out += ANY_RUN;
    else out += inText ? writeText(part.bytes) : writeHex(part.bytes);
  }
  leaveText();
  return out;
}

/** The same parts with neighbours of one kind made one, and without those that are empty. */
export function mergeParts(parts: readonly Part[]): Part[] {
  const merged: Part[] = [];
  for (const part of parts) addPart(merged, part);
  return merged;
}

/** The bytes of a payload without wildcards, or null: it has some. */
export function literalBytes(parts: readonly Part[]): Uint8Array | null {
  const pieces: Uint8Array[] = [];
  for (const part of parts) {
    if (part.part !== 'bytes') return null;
    pieces.push(part.bytes);
  }
  return Buffer.concat(pieces);
}

/** Bytes as hex pairs separated by spaces. */
export function writeHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/**
 * Bytes as text with escapes, without the quotes: what is printable UTF-8 stands as it is, all else and what would
 * steer a terminal as `\xHH`.
 */
export function writeText(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const length = printableLength(bytes, at);
    const char = Buffer.from(bytes.subarray(at, at + Math.max(length, 1))).toString(length ? 'utf8' : 'latin1');
    const escaped = WRITTEN_ESCAPES[char];
    if (escaped) out += escaped;
    else if (length === 0) out += hexEscape(bytes[at] ?? 0);
    else out += char;
    at += Math.max(length, 1);
  }
  return out.replaceAll(ANY_RUN, `${hexEscape(0x7b)}*}`);
}

/** What is wrong with a payload; whoever knows the file and line says where. */
export class PayloadError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PayloadError';
  }
}

const SPACE = /[ \t]/;
const ANY_RUN = '{*}';
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', '"': '"' };
const WRITTEN_ESCAPES: Readonly<Record<string, string>> = {
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\\': '\\\\',
  '"': '\\"',
};

/** Hex pairs that stand one after the other, taken at once. */
const HEX_PAIRS = /(?:[0-9a-f]{2}[ \t]+)*[0-9a-f]{2}(?![^\s"#])/iy;

function parsePair(text: string, at: number, parts: Part[]): number {
  HEX_PAIRS.lastIndex = at;
  const pairs = HEX_PAIRS.exec(text)?.[0];
  if (pairs) {
    addPart(parts, { part: 'bytes', as: 'hex', bytes: Buffer.from(pairs.replace(/[ \t]+/g, ''), 'hex') });
    return at + pairs.length;
  }
  const word = /^[^\s"#]+/.exec(text.slice(at, at + 64))?.[0] ?? '';
  if (word !== '??')
    throw new PayloadError(
      `${JSON.stringify(word)} is not valid, a payload takes hex pairs separated by spaces, ?? or "text"`,
    );
  addPart(parts, { part: 'anyByte' });
  return at + word.length;
}

/** Reads a quoted text from its opening quote; gives the place behind the closing one. */
function parseQuoted(text: string, open: number, parts: Part[]): number {
  let pieces: Buffer[] = [];
  const leave = () => {
    addPart(parts, { part: 'bytes', as: 'text', bytes: Buffer.concat(pieces) });
    pieces = [];
  };
  for (let at = open + 1; at < text.length; ) {
    if (text[at] === '"') {
      leave();
      return at + 1;
    }
    if (text.startsWith(ANY_RUN, at)) {
      leave();
      addPart(parts, { part: 'anyRun' });
      at += ANY_RUN.length;
    } else if (text[at] === '\\') {
      pieces.push(escapedByte(text, at));
      at += text[at + 1] === 'x' ? 4 : 2;
    } else {
      PLAIN_TEXT.lastIndex = at + 1;
      PLAIN_TEXT.exec(text);
      pieces.push(Buffer.from(text.slice(at, PLAIN_TEXT.lastIndex), 'utf8'));
      at = PLAIN_TEXT.lastIndex;
    }
  }
  throw new PayloadError(`the text ${text.slice(open, open + 40)} is not closed, it takes a " at its end`);
}

/** What stands in a text up to the next quote, escape or wildcard; it matches everywhere. */
const PLAIN_TEXT = /[^"\\{]*/y;

function escapedByte(text: string, at: number): Buffer {
  const letter = text[at + 1] ?? '';
  const hex = text.slice(at + 2, at + 4);
  if (letter === 'x') {
    if (/^[0-9a-fA-F]{2}$/.test(hex)) return Buffer.from(hex, 'hex');
    throw new PayloadError(`"\\x${hex}" is not valid, \\x takes two hex digits`);
  }
  const meant = ESCAPES[letter];
  if (meant !== undefined) return Buffer.from(meant, 'latin1');
  throw new PayloadError(`"\\${letter}" is not valid, a text takes \\n \\r \\t \\\\ \\" and \\xHH`);
}

function addPart(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  if (part.part === 'bytes' && part.bytes.length === 0) return;
  if (part.part === 'anyRun' && last?.part === 'anyRun') return;
  if (part.part === 'bytes' && last?.part === 'bytes' && part.as === last.as)
    parts[parts.length - 1] = { ...part, bytes: Buffer.concat([last.bytes, part.bytes]) };
  else parts.push(part);
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`;
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Length of the printable UTF-8 character at a place, or 0: the byte there is to be escaped. */
function printableLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first >= 0x20 && first < 0x7f) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  try {
    return /[\p{C}\p{Zl}\p{Zp}]/u.test(UTF8.decode(bytes.subarray(at, at + length))) ? 0 : length;
  } catch {
    return 0;
  }
}
