import { startCassandra } from '../cassandra.js';
import { connectIdle, type Program, startGateway } from '../programs.js';
import { type Finding, type Question, type Row, round } from '../question.js';

/** New devices of each turn; they stay known for the turns after it. */
const DEVICES = 5_000;
const TURNS = 4;

export const newDevices: Question = {
  name: 'new-devices',
  asks: 'How many devices that call for the first time, 200 at once, become known a second?',
  async run(say): Promise<Finding> {
    const rows: Row[] = [];
    const asked = async (store: string, flags: readonly string[]) => {
      const gateway = await startGateway(['--provision-limit', '0', ...flags]);
      try {
        for (let turn = 0; turn < TURNS; turn++) {
          const known = turn * DEVICES;
          say(`${store}: beside ${known} others`);
          rows.push({ store, 'beside others': known, 'devices/s': Math.round(await rate(gateway, known)) });
        }
      } finally {
        await gateway.stop();
      }
    };
    await asked('lmdb', []);
    say('starts a node of Cassandra');
    const node = await startCassandra();
    try {
      // A node that has just started is slow.
      await asked('cassandra, warming up', await node.gatewayFlags());
      await asked('cassandra', await node.gatewayFlags());
    } finally {
      node.stop();
    }
    const warm = rows.filter(({ store }) => store === 'cassandra').map((row) => Number(row['devices/s']));
    const slower = (warm.at(-1) ?? 0) / (warm[0] ?? 1);
    return {
      rows,
      bars: [
        {
          what: `rate beside ${(TURNS - 1) * DEVICES} others to that beside none, in Cassandra`,
          measured: round(slower),
          bar: 0.7,
          more: true,
          unit: '×',
        },
      ],
    };
  },
};

/** Devices a second, from the first that calls to the last that is answered. */
async function rate({ port }: Program, first: number): Promise<number> {
  const began = performance.now();
  const client = await connectIdle({ port, first, connections: DEVICES });
  const seconds = (performance.now() - began) / 1_000;
  client.kill();
  return DEVICES / seconds;
}
