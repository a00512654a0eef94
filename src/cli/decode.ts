import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import type { Direction, Protocol } from '../../protocols/protocol.js';
import { CaptureError, isCapture } from '../captures/packets.js';
import { recognise } from '../captures/recognise.js';
import { sessionsOfCapture } from '../captures/sessions.js';
import { literalBytes } from '../sessions/payload.js';
import { type Session, SessionFileError } from '../sessions/session-file.js';
import { parseSession } from '../sessions/session-parser.js';
import { CliError } from './client.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { escaped } from './table.js';

interface Options {
  readonly protocol?: string;
  readonly from: Direction;
}

/** Bytes of a frame that are shown. */
const SHOWN = 16;

/** Adds `m2mp decode [HEX|FILE]`: bytes explained frame by frame. */
export function addDecode(program: Command, protocols: readonly Protocol[]): void {
  const names = protocols.map(({ name }) => name);
  program
    .command('decode')
    .description('explain bytes frame by frame: hex digits, a file of bytes, a session, or a capture (pcap, pcapng)')
    .argument('[hex-or-file]', 'hex digits, or a file; without it standard input is read')
    .addOption(new Option('--protocol <name>', 'what is spoken; recognised where it is not given').choices(names))
    .addOption(new Option('--from <side>', 'who sent the bytes').choices(['device', 'server']).default('device'))
    .action((given: string | undefined, options: Options) => run(given, options, protocols));
}

function run(given: string | undefined, options: Options, protocols: readonly Protocol[]): void {
  const bytes = given === undefined ? hexOrSame(readFileSync(0)) : (hexBytes(given) ?? hexOrSame(fileBytes(given)));
  if (bytes.length === 0) throw new CliError('there is nothing to decode', EXIT.usage);
  if (isCapture(bytes)) return decodeCapture(bytes, protocols);
  if (/^(#[^\n]*\n|\s)*@protocol /.test(bytes.toString('latin1', 0, 4_096))) {
    const session = sessionIn(bytes.toString(), given ?? 'standard input');
    return decodeSession(session, protocolNamed(session.protocol, protocols));
  }
  const protocol = options.protocol ? protocolNamed(options.protocol, protocols) : recognise(bytes, protocols);
  if (!protocol)
    throw new CliError('these bytes are of no protocol that is known; name it with --protocol', EXIT.failed);
  if (!options.protocol) process.stderr.write(`${protocol.name}\n`);
  printExplained(bytes, protocol, options.from);
}

function decodeCapture(bytes: Buffer, protocols: readonly Protocol[]): void {
  try {
    const { sessions, unknown } = sessionsOfCapture(bytes, protocols);
    for (const { session, protocol } of sessions) {
      print(`\n${protocol.name}: ${session.title}\n`);
      decodeSession(session, protocol);
    }
    const others = unknown > 0 ? `, ${unknown} of no known protocol` : '';
    process.stderr.write(`${sessions.length} connections${others}\n`);
  } catch (error) {
    if (error instanceof CaptureError) throw new CliError(error.message, EXIT.usage);
    throw error;
  }
}

/** Both sides as they spoke; each frame at the time of its first byte. */
function decodeSession({ transport, events }: Session, protocol: Protocol): void {
  const lines: { at: number; order: number; text: string }[] = [];
  for (const side of ['device', 'server'] as const) {
    const pieces: { at: number; from: number; order: number }[] = [];
    const sent: Uint8Array[] = [];
    let length = 0;
    for (const [order, { at, from, does }] of events.entries()) {
      if (from !== side) continue;
      const bytes = does === 'close' ? null : literalBytes(does);
      if (!bytes)
        lines.push({ at, order, text: `${arrow(side)} ${does === 'close' ? 'closes' : 'something not written out'}` });
      if (!bytes) continue;
      pieces.push({ at, from: length, order });
      sent.push(bytes);
      length += bytes.length;
    }
    const explained =
      transport === 'udp'
        ? sent.flatMap((bytes, index) =>
            protocol.explain(bytes, side).map(({ at, text }) => ({ at: at + (pieces[index]?.from ?? 0), text })),
          )
        : protocol.explain(Buffer.concat(sent), side);
    for (const { at: offset, text } of explained) {
      const piece = pieces.findLast(({ from }) => from <= offset);
      lines.push({ at: piece?.at ?? 0, order: piece?.order ?? 0, text: `${arrow(side)} ${escaped(text)}` });
    }
  }
  lines.sort((a, b) => a.order - b.order);
  for (const { at, text } of lines) print(`${(at / 1_000).toFixed(3).padStart(10)} ${text}\n`);
}

function printExplained(bytes: Buffer, protocol: Protocol, from: Direction): void {
  for (const { at, length, text } of protocol.explain(bytes, from)) {
    const hex = bytes.subarray(at, at + Math.min(length, SHOWN)).toString('hex');
    print(
      `${String(at).padStart(6)}  ${(hex + (length > SHOWN ? '…' : '')).padEnd(2 * SHOWN + 1)}  ${escaped(text)}\n`,
    );
  }
}

function arrow(side: Direction): string {
  return side === 'device' ? '>' : '<';
}

function protocolNamed(name: string, protocols: readonly Protocol[]): Protocol {
  const found = protocols.find((protocol) => protocol.name === name);
  if (found) return found;
  throw new CliError(
    `protocol ${name} is not known, there are ${protocols.map((one) => one.name).join(', ')}`,
    EXIT.usage,
  );
}

function sessionIn(text: string, file: string): Session {
  try {
    return parseSession(text, file);
  } catch (error) {
    if (error instanceof SessionFileError) throw new CliError(error.message, EXIT.usage);
    throw error;
  }
}

function fileBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(
      `${JSON.stringify(file)} is neither hex digits nor a file that can be read (${why})`,
      EXIT.usage,
    );
  }
}

/** Hex digits in a file are taken for what they stand for. */
function hexOrSame(bytes: Buffer): Buffer {
  return hexBytes(bytes.toString('latin1')) ?? bytes;
}

/** Pairs of hex digits, perhaps separated by spaces or colons; null: it is something else. */
function hexBytes(text: string): Buffer | null {
  const digits = text.replace(/0x|[\s:]/g, '');
  return digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-fA-F]+$/.test(digits)
    ? Buffer.from(digits, 'hex')
    : null;
}
