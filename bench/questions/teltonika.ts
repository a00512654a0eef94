import { load, startGateway } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';

const SECONDS = 3;
const ROUNDS = 3;
const CONNECTIONS = 200;
const PROTOCOLS = ['teltonika', 'm2mp'] as const;
const PER_PACKET = [10, 100];

export const teltonika: Question = {
  name: 'teltonika',
  asks: `How many Teltonika records a second become durable over ${CONNECTIONS} connections, beside locations of M2MP?`,
  async run(say): Promise<Finding> {
    const rows = [];
    for (const batch of PER_PACKET) {
      const results = new Map<string, { rate: number; p50: number; p99: number }[]>();
      for (let round = 1; round <= ROUNDS; round++)
        for (const protocol of PROTOCOLS) {
          say(`${batch} records a packet, round ${round} of ${ROUNDS}: ${protocol}`);
          results.set(protocol, [...(results.get(protocol) ?? []), await loadOne(protocol, batch)]);
        }
      for (const [protocol, found] of results) {
        const others = results.get('m2mp') ?? [];
        rows.push({
          'records a packet': batch,
          protocol,
          'records/s': Math.round(median(found.map(({ rate }) => rate))),
          'p50 ms': round(median(found.map(({ p50 }) => p50))),
          'p99 ms': round(median(found.map(({ p99 }) => p99))),
          'it / M2MP': round(median(found.map(({ rate }, index) => rate / (others[index]?.rate ?? 0)))),
        });
      }
    }
    return { rows, bars: [] };
  },
};

async function loadOne(protocol: (typeof PROTOCOLS)[number], batch: number) {
  const program = await startGateway(['--teltonika-port', '0']);
  try {
    const port = program.ports.get(protocol) ?? program.port;
    const { readings, seconds, p50, p99 } = await load({
      protocol,
      port,
      connections: CONNECTIONS,
      batch,
      seconds: SECONDS,
    });
    return { rate: readings / seconds, p50, p99 };
  } finally {
    await program.stop();
  }
}
