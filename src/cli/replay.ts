import { readFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { isCapture } from '../captures/packets.js';
import { sessionsOfCapture } from '../captures/sessions.js';
import { type Difference, replaySession } from '../sessions/replay.js';
import { type Session, SessionFileError } from '../sessions/session-file.js';
import { readSession } from '../sessions/session-parser.js';
import { hostAndPort, milliseconds, wholeNumber } from './arguments.js';
import { CliError } from './client.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { escaped } from './table.js';

interface Options {
  readonly to?: { readonly host: string; readonly port: number };
  readonly speed: number;
  readonly atOnce: number;
  readonly timeout: number;
  readonly json?: boolean;
}

interface Job {
  readonly file: string;
  readonly session: Session;
  readonly protocol: Protocol;
}

interface Outcome {
  readonly file: string;
  readonly session: Session;
  readonly difference: Difference | null;
}

/** Adds `m2mp replay FILE…`: exit code 0 when every answer is as recorded, else 1. */
export function addReplay(program: Command, protocols: readonly Protocol[]): void {
  program
    .command('replay')
    .description("play recorded sessions to a server, and compare the server's answers")
    .argument('<file...>', 'session files, see fixtures/README.md, and captures (pcap, pcapng)')
    .option('--to <host:port>', "the server (default: the protocol's port of this machine)", hostAndPort)
    .option('--speed <n>', 'times as fast as recorded, or max: waiting for answers only', speed, 1)
    .option('--at-once <n>', 'sessions at one time at the most', wholeNumber, 100)
    .option('--timeout <time>', 'how long an answer may take', milliseconds, 5_000)
    .option('--json', 'one JSON object a session')
    .action((files: readonly string[], options: Options) => run(files, options, protocols));
}

async function run(files: readonly string[], options: Options, protocols: readonly Protocol[]): Promise<void> {
  // All are read before the first is sent: a file that is none is no reason to stop half way.
  const jobs = (await Promise.all(files.map((file) => sessionsIn(file, protocols)))).flat();
  const outcomes: Outcome[] = [];
  const next = jobs.values();
  const worker = async () => {
    for (const { file, session, protocol } of next) {
      const { host, port } = options.to ?? { host: '127.0.0.1', port: protocol.port };
      const target = { host, port, speed: options.speed, answerTimeout: options.timeout };
      const difference = await replaySession(session, target).catch((error: Error) => {
        throw new CliError(`no server at ${host}:${port} (${error.message}); name another with --to`);
      });
      const outcome = { file, session, difference };
      outcomes.push(outcome);
      report(outcome, protocol, options);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.atOnce, jobs.length) }, worker));
  const differing = outcomes.filter(({ difference }) => difference).length;
  if (!options.json)
    print(
      `${outcomes.length} ${outcomes.length === 1 ? 'session' : 'sessions'} replayed, ${differing} with another answer\n`,
    );
  if (differing > 0) process.exitCode = EXIT.failed;
}

function report({ file, session, difference }: Outcome, protocol: Protocol, { json }: Options): void {
  if (json) {
    const { line, expected, got } = difference ?? {};
    print(`${JSON.stringify({ file, title: session.title, same: !difference, line, expected, got })}\n`);
    return;
  }
  print(`${difference ? 'DIFFERS' : 'same   '}  ${file}: ${escaped(session.title)}\n`);
  if (!difference) return;
  const given = session.given.map(({ given, ...what }) => `${given} ${'name' in what ? what.name : what.id}`);
  if (given.length > 0) print(`  the server was to have: ${given.join(', ')}\n`);
  print(`  ${difference.line ? `line ${difference.line}` : 'at the end'}, expected: ${difference.expected}\n`);
  print(`  got:      ${difference.got}\n`);
  for (const { at, length, text } of protocol.explain(difference.received, 'server'))
    if (at + length > difference.at) print(`  ${String(at).padStart(8)}  ${escaped(text)}\n`);
}

/** The session of a file, or all those of a capture. */
async function sessionsIn(file: string, protocols: readonly Protocol[]): Promise<Job[]> {
  try {
    const bytes = await readFile(file);
    if (isCapture(bytes)) {
      const { sessions, unknown } = sessionsOfCapture(bytes, protocols);
      if (unknown > 0) process.stderr.write(`${file}: ${unknown} connections of no known protocol are left out\n`);
      return sessions.map(({ session, protocol }) => ({ file: `${file}, ${session.title}`, session, protocol }));
    }
    const session = await readSession(file);
    return [{ file, session, protocol: protocolOf(file, session, protocols) }];
  } catch (error) {
    if (error instanceof CliError) throw error;
    if (error instanceof SessionFileError) throw new CliError(error.message, EXIT.usage);
    throw new CliError(`${file}: ${error instanceof Error ? error.message : error}`, EXIT.usage);
  }
}

function protocolOf(file: string, { protocol: name }: Session, protocols: readonly Protocol[]): Protocol {
  const found = protocols.find((protocol) => protocol.name === name);
  if (found) return found;
  const known = protocols.map((protocol) => protocol.name).join(', ');
  throw new CliError(`${file}: protocol ${JSON.stringify(name)} is not known, there are ${known}`, EXIT.usage);
}

function speed(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It takes a number over 0, or max.');
}
