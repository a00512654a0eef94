import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { replaySession } from '../../src/sessions/replay.js';
import { parseSession } from '../../src/sessions/session-parser.js';

let server: Server;
afterEach(() => server.close());

/** Replays lines to a server that answers each chunk as told. */
async function replayed(lines: string, answer: (said: string) => string | null, speed = Number.POSITIVE_INFINITY) {
  server = createServer((socket) => {
    socket.on('data', (bytes) => {
      const text = answer(bytes.toString());
      if (text === null) socket.end();
      else socket.write(text);
    });
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const session = parseSession(`@protocol alip\n@title t\n${lines}`, 'f');
  return replaySession(session, { host: '127.0.0.1', port, speed, answerTimeout: 300 });
}

it('a server that answers as recorded differs in nothing', async () => {
  expect(await replayed('0 > "a"\n0 < "A"\n1 > "b"\n1 < "B"', (said) => said.toUpperCase())).toBeNull();
});

it.each([
  ['another answer', '0 > "a"\n0 < "A"', () => 'B', { line: 4, expected: '"A"', got: '"B"' }],
  ['no answer', '0 > "a"\n0 < "A"', () => '', { line: 4, expected: '"A"', got: 'nothing' }],
  ['a part of an answer', '0 > "a"\n0 < "AB"', () => 'A', { line: 4, expected: '"AB"', got: '"A"' }],
  ['one answer more', '0 > "a"\n0 < "A"', () => 'AB', { line: 0, expected: 'nothing more', got: '"B"' }],
  ['a close too early', '0 > "a"\n0 < "A"', () => null, { line: 4, expected: '"A"', got: 'nothing, then close' }],
  ['no close', '0 > "a"\n0 < close', () => '', { line: 4, expected: 'close', got: 'nothing' }],
])('%s is shown with its line', async (_, lines, answer, difference) => {
  expect(await replayed(lines, answer)).toMatchObject(difference);
});

it('keeps the recorded pace, or one so many times as fast', async () => {
  const started = performance.now();
  await replayed('0 > "a"\n0 < "A"\n2 > "b"\n2 < "B"', (said) => said.toUpperCase(), 10);
  expect(performance.now() - started).toBeGreaterThan(190);
  expect(performance.now() - started).toBeLessThan(1_500);
});

it('a server that is not there is an error', async () => {
  server = createServer().listen(0, '127.0.0.1');
  const session = parseSession('@protocol alip\n@title t\n', 'f');
  const options = { host: '127.0.0.1', port: 1, speed: 1, answerTimeout: 300 };
  await expect(replaySession(session, options)).rejects.toThrow('ECONNREFUSED');
});

it('a session over UDP to a host that is none ends with its name', async () => {
  const session = parseSession('@protocol h02\n@transport udp\n@title t\n0.0 > "x"\n', 'f');
  const target = { host: 'nowhere.invalid', port: 1, speed: 1, answerTimeout: 1_000 };
  await expect(replaySession(session, target)).rejects.toThrow('nowhere.invalid');
});
