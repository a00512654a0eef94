/** HTTP as far as trackers speak it: requests with a body of a known length or in chunks, and short answers. */
import { Unread } from '../unread.js';

/** Bytes of a request line with its headers, and of a body. */
export const MAX_HEAD_BYTES = 16_384;
export const MAX_BODY_BYTES = 65_536;

export interface Request {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the connection ends behind the answer. */
  readonly last: boolean;
  /** Offset of the first byte, and how many there are. */
  readonly at: number;
  readonly length: number;
}

/** What no request is: the status to answer, and why, for a person. */
export interface Broken {
  readonly status: Status;
  readonly why: string;
}

interface Head {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly last: boolean;
  readonly length: number;
}

export class RequestReader {
  /** What breaks the stream: nothing more can be read. */
  broken: Broken | null = null;
  /** Whether a device waits to be told that its body is wanted; whoever says so sets it back. */
  asksToContinue = false;
  readonly #unread = new Unread();
  #head: Head | null = null;

  push(bytes: Uint8Array): void {
    this.#unread.push(bytes);
    if (this.#unread.overfull) this.#breaks(413, 'more was sent than can wait for an outcome');
  }

  /** The next request that is whole, or null. */
  next(): Request | null {
    const request = this.broken ? null : this.#request();
    if (request === null) this.#unread.release();
    return request;
  }

  /** What was not read. */
  get rest(): Buffer {
    return this.#unread.bytes;
  }

  #request(): Request | null {
    this.#head ??= this.#readHead();
    const head = this.#head;
    if (head === null) return null;
    const body = this.#body(head);
    if (body === null) return null;
    this.#head = null;
    const { at } = this.#unread;
    this.#unread.take(body.end);
    return { ...head, body: body.bytes, at, length: body.end };
  }

  #readHead(): Head | null {
    const { bytes } = this.#unread;
    const end = bytes.subarray(0, MAX_HEAD_BYTES).indexOf('\r\n\r\n');
    if (end === -1) {
      if (bytes.length > 0 && !BEGINS.test(bytes.toString('latin1', 0, 8))) this.#breaks(400, NO_REQUEST);
      else if (bytes.length >= MAX_HEAD_BYTES) this.#breaks(431, `a request head over ${MAX_HEAD_BYTES} bytes`);
      return null;
    }
    const [line = '', ...fields] = bytes.toString('latin1', 0, end).split('\r\n');
    const [, method, target, minor] = LINE.exec(line) ?? [];
    if (method === undefined || target === undefined) return this.#breaks(400, NO_REQUEST);
    const headers = new Map<string, string>();
    for (const field of fields) {
      const colon = field.indexOf(':');
      if (colon > 0) headers.set(field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim());
    }
    const connection = headers.get('connection')?.toLowerCase() ?? '';
    const last = minor === '0' ? connection !== 'keep-alive' : connection === 'close';
    this.asksToContinue = headers.get('expect')?.toLowerCase() === '100-continue';
    return { method, target, headers, last, length: end + 4 };
  }

  #body({ headers, length }: Head): { bytes: Buffer; end: number } | null {
    if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') return this.#chunks(length);
    const text = headers.get('content-length') ?? '0';
    if (!/^\d{1,9}$/.test(text)) return this.#breaks(400, `Invalid Content-Length: ${text.slice(0, 20)}`);
    const size = Number(text);
    if (size > MAX_BODY_BYTES) return this.#breaks(413, `a body of ${size} bytes, at most ${MAX_BODY_BYTES} are taken`);
    const { bytes } = this.#unread;
    return bytes.length < length + size ? null : { bytes: bytes.subarray(length, length + size), end: length + size };
  }

  #chunks(start: number): { bytes: Buffer; end: number } | null {
    const { bytes } = this.#unread;
    const pieces: Buffer[] = [];
    let total = 0;
    for (let at = start; ; ) {
      const lineEnd = bytes.indexOf('\r\n', at);
      if (lineEnd === -1 && bytes.length - at <= MAX_CHUNK_LINE) return null;
      const [, digits] = /^([0-9a-f]{1,6})(;.*)?$/i.exec(bytes.toString('latin1', at, lineEnd)) ?? [];
      if (lineEnd === -1 || digits === undefined) return this.#breaks(400, 'Invalid chunk: its length is no number');
      const size = Number.parseInt(digits, 16);
      total += size;
      if (total > MAX_BODY_BYTES) return this.#breaks(413, `a body over ${MAX_BODY_BYTES} bytes`);
      const end = lineEnd + 2 + size + 2;
      if (bytes.length < end) return null;
      if (size === 0) return { bytes: Buffer.concat(pieces), end };
      pieces.push(bytes.subarray(lineEnd + 2, end - 2));
      at = end;
    }
  }

  #breaks(status: Status, why: string): null {
    this.broken ??= { status, why };
    return null;
  }
}

const NO_REQUEST = 'Invalid request: expected GET or POST, a path, and HTTP/1.0 or 1.1';
const LINE = /^([A-Z]{1,16}) (\S+) HTTP\/1\.([01])$/;
/** How every request begins, cut anywhere. */
const BEGINS = /^[A-Z]{1,16}( |$)/;
/** Bytes of the line before a chunk. */
const MAX_CHUNK_LINE = 1_024;

const REASONS = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
} as const;
export type Status = keyof typeof REASONS;

/** An answer; `text` is its body. */
export function answerBytes(status: Status, text: string, last: boolean): Buffer {
  const body = Buffer.from(text && `${text}\n`);
  const lines = [`HTTP/1.1 ${status} ${REASONS[status]}`, `Content-Length: ${body.length}`];
  if (body.length > 0) lines.push('Content-Type: text/plain; charset=utf-8');
  if (status === 503) lines.push('Retry-After: 10');
  if (last) lines.push('Connection: close');
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]);
}

export const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n');
