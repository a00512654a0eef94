import { mkdirSync } from 'node:fs';
import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { startDatagramProxy } from '../captures/datagram-proxy.js';
import { type Recording, startProxy } from '../captures/proxy.js';
import { recognise, recogniseDatagrams } from '../captures/recognise.js';
import type { SessionEvent } from '../sessions/session-file.js';
import { writeEvent, writeSession } from '../sessions/session-writer.js';
import { hostAndPort } from './arguments.js';
import { CliError } from './client.js';
import { print } from './output.js';

interface Options {
  readonly listen: number;
  readonly host: string;
  readonly to: { readonly host: string; readonly port: number };
  readonly udp?: boolean;
  readonly protocol?: string;
}

/** Digits before and behind the point of a time, so that lines stand below each other. */
const TIME_WIDTH = 9;

/** Adds `m2mp capture --listen PORT --to HOST:PORT DIR`: one session file a connection. */
export function addCapture(program: Command, protocols: readonly Protocol[]): void {
  const names = protocols.map(({ name }) => name);
  program
    .command('capture')
    .description('pass connections on to a server, and write what passes as sessions, a file each')
    .argument('<folder>', 'where the sessions are written')
    .requiredOption('--listen <port>', 'port for the devices', port)
    .option('--host <address>', 'address for the devices', '0.0.0.0')
    .requiredOption('--to <host:port>', 'the server', hostAndPort)
    .option('--udp', 'datagrams in place of connections')
    .addOption(new Option('--protocol <name>', 'what is spoken; recognised where it is not given').choices(names))
    .action((folder: string, options: Options) => run(folder, options, protocols));
}

async function run(folder: string, options: Options, protocols: readonly Protocol[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  let number = 0;
  const start = options.udp ? startDatagramProxy : startProxy;
  const listening = await start({
    listen: { host: options.host, port: options.listen },
    to: options.to,
    record: (source) => {
      const day = new Date().toISOString().replace(/[-:]|\..*/g, '');
      return recordingIn(join(folder, `${day}-${++number}.session`), source, options, protocols);
    },
    onTrouble: (why) => process.stderr.write(`m2mp capture: ${why}\n`),
  }).catch((error: Error) => {
    throw new CliError(`cannot listen on ${options.host}:${options.listen}: ${error.message}`);
  });
  process.stderr.write(
    `listening on ${options.host}:${listening}, passing on to ${options.to.host}:${options.to.port}\n`,
  );
  const stop = () => process.exit(0);
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

/** Writes a session as it happens: what has passed is in the file, however this program ends. */
function recordingIn(file: string, source: string, options: Options, protocols: readonly Protocol[]): Recording {
  const started = performance.now();
  let writing: Promise<void> | null = null;
  let count = 0;
  const head = (bytes: Buffer) => {
    const recognised = options.udp ? recogniseDatagrams([bytes], protocols) : recognise(bytes, protocols);
    const protocol = options.protocol ?? recognised?.name ?? protocols[0]?.name ?? '';
    const title = `${source}, captured ${new Date().toISOString()}`;
    const transport = options.udp ? 'udp' : 'tcp';
    return writeSession({ protocol, transport, title, given: [], events: [] });
  };
  const add = (from: SessionEvent['from'], does: SessionEvent['does'], bytes: Buffer) => {
    count++;
    const event = { at: Math.round(performance.now() - started), from, does, line: 0, comment: '' };
    const line = `${writeEvent(event, TIME_WIDTH)}\n`;
    writing = (writing ?? writeFile(file, head(bytes)))
      .then(() => appendFile(file, line))
      .catch((error: Error) => {
        process.stderr.write(`m2mp capture: ${file} lacks something that passed: ${error.message}\n`);
      });
  };
  let serverClosed = false;
  return {
    passed(from, bytes) {
      const text = bytes.every((byte) => byte === 0x0a || byte === 0x0d || (byte >= 0x20 && byte < 0x7f));
      if (!serverClosed) add(from, [{ part: 'bytes', as: text ? 'text' : 'hex', bytes }], bytes);
    },
    closed(from) {
      if (!serverClosed) add(from, 'close', Buffer.alloc(0));
      serverClosed ||= from === 'server';
    },
    ended() {
      const done = writing ?? Promise.resolve();
      done.then(() => print(`${file}: ${count} events\n`));
    },
  };
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d{1,5}$/.test(text) && value <= 65_535) return value;
  throw new InvalidArgumentError('It takes a port from 0 (any) to 65535.');
}
