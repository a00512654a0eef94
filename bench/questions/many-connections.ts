import { setTimeout as sleep } from 'node:timers/promises';
import { connectIdle, type Program, residentBytes, startGateway, tokenOf } from '../programs.js';
import { type Finding, type Question, round } from '../question.js';

const CONNECTIONS = 50_000;
/** Connections of one process: a client's, and, as they share them, a worker's. */
const OF_ONE_PROCESS = 10_000;
const CLIENTS = CONNECTIONS / OF_ONE_PROCESS;
const WORKERS = CONNECTIONS / OF_ONE_PROCESS;
/** Seconds in which garbage is collected before memory is read. */
const SETTLE = 30;

export const manyConnections: Question = {
  name: 'many-connections',
  asks: `Are ${CONNECTIONS.toLocaleString('en')} devices served by ${WORKERS} workers, and what do they take?`,
  async run(say): Promise<Finding> {
    const flags = ['--workers', String(WORKERS), '--provision-limit', '0'];
    const program = await startGateway(['--host', '0.0.0.0', ...flags]);
    const clients: { kill(): void }[] = [];
    try {
      const before = residentBytes(program.process);
      const began = performance.now();
      for (let client = 0; client < CLIENTS; client++) {
        say(`client ${client + 1} of ${CLIENTS}`);
        clients.push(await connected(program.port, client));
      }
      const seconds = (performance.now() - began) / 1_000;
      await sleep(SETTLE * 1_000);
      const open = await connections(program);
      const bytes = (residentBytes(program.process) - before) / CONNECTIONS;
      return {
        rows: [
          { workers: WORKERS, connections: open, 'seconds to connect': round(seconds), 'bytes each': round(bytes) },
        ],
        bars: [{ what: 'devices connected', measured: open, bar: CONNECTIONS, more: true, unit: '' }],
      };
    } finally {
      for (const client of clients) client.kill();
      await program.stop();
    }
  },
};

/** A client with all its devices identified; each has an address of its own to connect to, and so ports enough. */
function connected(port: number, client: number): Promise<{ kill(): void }> {
  const first = client * OF_ONE_PROCESS;
  return connectIdle({ host: `127.0.0.${client + 1}`, port, first, connections: OF_ONE_PROCESS });
}

async function connections({ url, directory }: Program): Promise<number> {
  const token = tokenOf({ directory });
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  return Number(/^m2mp_connections\{protocol="m2mp"\} (\d+)$/m.exec(await response.text())?.[1]);
}
