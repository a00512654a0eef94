import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protocols } from '../../protocols/list.js';
import { routeNamed } from '../../src/simulator/routes.js';
import { simulate } from '../../src/simulator/simulator.js';
import { type Verification, verify } from '../../src/simulator/verify.js';
import { startGateway, tokenOf } from '../programs.js';
import type { Finding, Question } from '../question.js';

const KILLS = 50;
const DEVICES = 50;
/** Milliseconds that a gateway lives before it is killed, at the least and at the most. */
const LIVES = [200, 1_500] as const;
/** Milliseconds that a simulation takes at the most; it is ended after the last kill. */
const LONGEST = 600_000;

export const kills: Question = {
  name: 'kills',
  asks: `What is lost of what was acknowledged, when the gateway is killed ${KILLS} times under load?`,
  async run(say): Promise<Finding> {
    const rows = [];
    let lost = 0;
    for (const protocol of ['m2mp', 'alip']) {
      const found = await killed(protocol, say);
      lost += found.lost + found.altered + found.duplicated;
      const { acknowledged, duplicated, altered } = found;
      rows.push({ protocol, kills: KILLS, acknowledged, lost: found.lost, duplicated, altered });
    }
    const what = `readings lost, duplicated or altered over ${2 * KILLS} kills`;
    return { rows, bars: [{ what, measured: lost, bar: 0, more: false, unit: '' }] };
  },
};

async function killed(name: string, say: (progress: string) => void): Promise<Verification> {
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-bench-'));
  const protocol = protocols.find((one) => one.name === name);
  if (!protocol) throw new Error(`There is no protocol ${name}`);
  const route = routeNamed('circle');
  let gateway = await startGateway([], directory);
  try {
    const port = name === 'm2mp' ? gateway.port : gateway.ports.get(name);
    if (port === undefined) throw new Error(`${name} does not listen`);
    const ended = new AbortController();
    const simulation = simulate({
      protocol,
      host: '127.0.0.1',
      port,
      devices: DEVICES,
      rate: Number.POSITIVE_INFINITY,
      batch: 10,
      duration: LONGEST,
      route,
      ident: (index) => `imei:${String(index).padStart(15, '0')}`,
      onProgress: () => {},
      signal: ended.signal,
      now: Date.now,
      random: Math.random,
    });
    for (let kill = 1; kill <= KILLS; kill++) {
      say(`${name}: kill ${kill} of ${KILLS}`);
      await new Promise((resolve) => setTimeout(resolve, LIVES[0] + Math.random() * (LIVES[1] - LIVES[0])));
      const exited = once(gateway.process, 'exit');
      gateway.process.kill('SIGKILL');
      await exited;
      gateway = await startGateway([`--${name}-port`, String(port)], directory);
    }
    ended.abort();
    const token = tokenOf({ directory });
    const ask = async (path: string) => {
      const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${token}` } });
      return JSON.parse(await response.text());
    };
    say(`${name}: reading back`);
    return await verify(await simulation, route, ask);
  } finally {
    await gateway.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
