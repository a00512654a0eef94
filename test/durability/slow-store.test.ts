import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { routeNamed } from '../../src/simulator/routes.js';
import { simulate } from '../../src/simulator/simulator.js';
import { verify } from '../../src/simulator/verify.js';
import { completeProtocols } from '../protocols/complete.js';
import { startGatewayProcess } from './gateway-process.js';
import { canTrace, childOf } from './system-calls.js';

const SECONDS = Number(process.env['M2MP_SLOW_SECONDS'] ?? 10);
/** What each sync takes longer, in ms. */
const DELAY = 500;
const MAX_GROWTH = 20 * 1_024 * 1_024;

it.skipIf(!canTrace() && !process.env['M2MP_TEST_ALL'])(
  `a disk whose every sync takes ${DELAY} ms makes barriers late, loses nothing and fills no memory (${SECONDS} s)`,
  async () => {
    const data = await mkdtemp(join(tmpdir(), 'm2mp-slow-'));
    const inject = `inject=fdatasync:delay_exit=${DELAY * 1_000}`;
    const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', inject];
    const gateway = await startGatewayProcess(data, [], strace);
    const pid = childOf(gateway.process.pid ?? 0);
    const resident = () => Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;
    const route = routeNamed('circle');
    let after = 0;
    for (const [index, protocol] of completeProtocols.entries()) {
      const before = resident();
      const simulation = await simulate({
        protocol,
        host: '127.0.0.1',
        port: gateway.ports.get(protocol.name) ?? 0,
        devices: 20,
        rate: Number.POSITIVE_INFINITY,
        batch: 50,
        duration: (SECONDS * 1_000) / completeProtocols.length,
        route,
        ident: (n) => `imei:${490_154_203_237_000 + 100 * index + n}`,
        onProgress: () => {},
        signal: new AbortController().signal,
        now: Date.now,
        random: Math.random,
      });
      after = resident();
      expect(simulation.result.acknowledged).toBeGreaterThan(0);
      expect(simulation.result.latency.p50).toBeGreaterThan(DELAY);
      expect(after - before).toBeLessThan(MAX_GROWTH);
      const found = await verify(simulation, route, (path) => gateway.api('GET', path));
      expect(found).toMatchObject({ lost: 0, duplicated: 0, altered: 0 });
    }
    process.kill(pid, 'SIGTERM');
    await gateway.ended;
    await rm(data, { recursive: true });
  },
  900_000,
);
