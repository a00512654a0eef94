import { setTimeout as sleep } from 'node:timers/promises';
import { type Program, residentBytes, startBareServer, startGateway, startLoad } from '../programs.js';
import { type Finding, type Question, round } from '../question.js';

const CONNECTIONS = 9_000;
/** Connected before, so that what a process takes once is not counted. */
const WARM_UP = 500;
/** Seconds in which garbage is collected before memory is read. */
const SETTLE = 20;
/** `--expose-gc` is not for a gateway: so it collects as it does in the field. */
const SERVERS = {
  gateway: () => startGateway(['--provision-limit', '0']),
  'bare server': startBareServer,
} as const;

export const idleConnections: Question = {
  name: 'idle-connections',
  asks: `How much memory does an idle identified connection take, of ${CONNECTIONS}?`,
  async run(say): Promise<Finding> {
    const rows = [];
    for (const [name, start] of Object.entries(SERVERS)) {
      say(name);
      rows.push({ program: name, connections: CONNECTIONS, 'bytes a connection': await bytesEach(start) });
    }
    const measured = rows[0]?.['bytes a connection'] ?? Number.NaN;
    return {
      rows,
      bars: [{ what: 'memory of an idle identified connection', measured, bar: 8_192, more: false, unit: ' bytes' }],
    };
  },
};

async function bytesEach(start: () => Promise<Program>): Promise<number> {
  const program = await start();
  try {
    const before = await residentWith(program, WARM_UP);
    const after = await residentWith(program, CONNECTIONS);
    return round((after - before) / (CONNECTIONS - WARM_UP));
  } finally {
    await program.stop();
  }
}

/** Resident bytes while so many devices are connected and silent. */
async function residentWith(program: Program, connections: number): Promise<number> {
  let connected = () => {};
  const ready = new Promise<void>((resolve) => {
    connected = resolve;
  });
  const order = { port: program.port, connections, batch: 0, seconds: 1e6 };
  const { process, result } = startLoad(order, () => connected());
  result.catch(() => {});
  await ready;
  await sleep(SETTLE * 1_000);
  const bytes = residentBytes(program.process);
  process.kill();
  await sleep(1_000);
  return bytes;
}
