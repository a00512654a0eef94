import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

export type { Logger } from 'pino';

/** How logs look: `auto` is pretty on a terminal, else JSON lines. */
export interface LogOptions {
  readonly level: string;
  readonly format: 'auto' | 'pretty' | 'json';
}

/** The process's log on standard output. Text of devices is only ever logged as a field, so that JSON escapes it. */
export function createLog(options: LogOptions): Logger {
  const isPretty = options.format === 'pretty' || (options.format === 'auto' && process.stdout.isTTY === true);
  const settings = { level: options.level, base: null, redact: ['token', 'password', '*.token', '*.password'] };
  return isPretty
    ? pino(settings, pretty({ colorize: process.stdout.isTTY === true, translateTime: 'SYS:HH:MM:ss.l', sync: true }))
    : pino(settings, pino.destination({ fd: 1, sync: true }));
}

/** Bytes of devices as hex, at most 64 of them. */
export function hexForLog(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 64)).toString('hex');
  return bytes.byteLength > 64 ? `${hex}… (${bytes.byteLength} bytes)` : hex;
}
