/** How many readings a second become durable over sockets, and how long a barrier takes, against the yardsticks. */
import { load, type Program, startBareServer, startGateway, startLimitGateway } from './programs.js';

const SECONDS = Number(process.env['M2MP_BENCH_SECONDS'] ?? 5);

async function measure(name: string, start: () => Promise<Program>, connections: number, batch: number) {
  const program = await start();
  const result = await load(program.port, { connections, batch, seconds: SECONDS });
  await program.stop();
  const rate = Math.round(result.readings / result.seconds);
  return { name, connections, batch, 'readings/s': rate, 'p50 ms': round(result.p50), 'p99 ms': round(result.p99) };
}

const round = (ms: number) => Math.round(ms * 1_000) / 1_000;
const programs = { gateway: startGateway, limit: startLimitGateway, bare: startBareServer } as const;
for (const [connections, batch] of [
  [200, 10],
  [200, 100],
  [1, 10],
  [1, 1],
  [100, 1],
] as const) {
  const rows = [];
  for (const [name, start] of Object.entries(programs)) rows.push(await measure(name, start, connections, batch));
  const [gateway, limit] = rows;
  console.table(rows);
  if (gateway && limit)
    console.log(
      `gateway / limit: rate ${(gateway['readings/s'] / limit['readings/s']).toFixed(2)}, p50 ${(gateway['p50 ms'] / limit['p50 ms']).toFixed(2)}\n`,
    );
}
