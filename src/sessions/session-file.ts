/**
 * Recorded conversations between a device and a server, as text that an engineer reads and replay sends. The format is
 * described in fixtures/README.md; here is what a file holds, once read. `session-parser.ts` and `session-writer.ts`
 * turn text into this and back.
 */

/** One recorded conversation. */
export interface Session {
  /** Name of the protocol, such as `m2mp`. */
  readonly protocol: string;
  /** Over UDP each event is one datagram, and nobody closes. */
  readonly transport: 'tcp' | 'udp';
  /** What the session shows, in one sentence. */
  readonly title: string;
  /** What must hold on the server before it begins. */
  readonly given: readonly Given[];
  readonly events: readonly SessionEvent[];
}

/** What the server must have before the device connects. */
export type Given =
  /** A setting waits for the device. */
  | { readonly given: 'setting'; readonly name: string; readonly value: string }
  /** A command waits for the device; `id` is a UUID. */
  | { readonly given: 'command'; readonly id: string; readonly text: string }
  /** `debug`: debugging requests that change something are allowed. */
  | { readonly given: 'option'; readonly name: 'debug' }
  /** A firmware file of this name. */
  | { readonly given: 'firmware'; readonly name: string; readonly content: Uint8Array };

/** Something that happens on the connection. */
export interface SessionEvent {
  /** Milliseconds since the connection opened. */
  readonly at: number;
  /** Who sends or closes. */
  readonly from: 'device' | 'server';
  /** Line of the file, from 1; 0 for an event that no file has held yet. */
  readonly line: number;
  /** What is sent, or `close`. */
  readonly does: readonly Part[] | 'close';
  /** What a person noted, without line breaks; empty when nothing. */
  readonly comment: string;
}

/** A part of a payload. Wildcards occur only in what the server sends. */
export type Part =
  /** These bytes, noted as hex or as text. */
  | { readonly part: 'bytes'; readonly as: 'hex' | 'text'; readonly bytes: Uint8Array }
  /** Any one byte, `??`. */
  | { readonly part: 'anyByte' }
  /** Any bytes up to the first occurrence of the bytes that follow, `{*}`. */
  | { readonly part: 'anyRun' };

/** Longest session file that is read, in bytes. */
export const MAX_SESSION_BYTES = 64 * 1024 * 1024;
/** Highest offset of an event: 30 days, in milliseconds. */
export const MAX_OFFSET = 30 * 24 * 3600 * 1000;

/** A session file that cannot be read: the message names file, line, what stands there and what is taken. */
export class SessionFileError extends Error {
  constructor(
    readonly file: string,
    /** From 1; 0 when the file as a whole is meant. */
    readonly line: number,
    what: string,
  ) {
    super(line > 0 ? `${file}:${line}: ${what}` : `${file}: ${what}`);
    this.name = 'SessionFileError';
  }
}
