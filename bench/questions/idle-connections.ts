import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectIdle, type Program, residentBytes, startBareServer, startGateway } from '../programs.js';
import { type Finding, type Question, round } from '../question.js';

/** As many as the open files of a process allow on a machine as it comes, with some to spare. */
const CONNECTIONS = 9_500;
/** Connected before, so that what a process takes once is not counted. */
const WARM_UP = 500;
/** Seconds in which garbage is collected before memory is read: a gateway collects as it does in the field. */
const SETTLE = 30;
const FLAGS = ['--provision-limit', '0'];

export const idleConnections: Question = {
  name: 'idle-connections',
  asks: `How much memory does an idle identified connection take, of ${CONNECTIONS}?`,
  async run(say): Promise<Finding> {
    const directory = await mkdtemp(join(tmpdir(), 'm2mp-bench-'));
    try {
      say('making the devices known');
      const before = await startGateway(FLAGS, directory);
      await residentWith(before, CONNECTIONS, 1);
      await before.stop();
      const rows = [];
      for (const [name, start] of [
        ['gateway', () => startGateway(FLAGS, directory)],
        ['bare server', startBareServer],
      ] as const) {
        say(name);
        rows.push({ program: name, connections: CONNECTIONS, 'bytes a connection': await bytesEach(start) });
      }
      const measured = rows[0]?.['bytes a connection'] ?? Number.NaN;
      return {
        rows,
        bars: [{ what: 'memory of an idle identified connection', measured, bar: 8_192, more: false, unit: ' bytes' }],
      };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function bytesEach(start: () => Promise<Program>): Promise<number> {
  const program = await start();
  try {
    const before = await residentWith(program, WARM_UP, SETTLE);
    const after = await residentWith(program, CONNECTIONS, SETTLE);
    return round((after - before) / (CONNECTIONS - WARM_UP));
  } finally {
    await program.stop();
  }
}

/** Resident bytes while so many devices have been connected and silent for some seconds. */
async function residentWith(program: Program, connections: number, seconds: number): Promise<number> {
  const client = await connectIdle({ port: program.port, connections });
  await sleep(seconds * 1_000);
  const bytes = residentBytes(program.process);
  client.kill();
  await sleep(1_000);
  return bytes;
}
