import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { environment, PROGRAM } from '../cli/program.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';

const IDENT = 'imei:490154203237518';
const OTHER = 'imei:490154203237542';
const STRANGERS = ['imei:490154203237526', 'imei:490154203237534'];

const text = await readFile(new URL('../../docs/api.md', import.meta.url), 'utf8');
const [variables = '', ...examples] = blocks('sh');

let gateway: GatewayUnderTest;
let folder: string;
let device: DeviceOnASocket;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2mp-docs-'));
  gateway = await startGatewayUnderTest({ provisioning: 'known' });
  for (const ident of [IDENT, OTHER, ...STRANGERS])
    await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident).catch(() => {});
  for (const ident of [IDENT, OTHER]) await gateway.api('POST', '/api/waiting', { ident, admit: true });
  device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT);
  device.send(device.side.location({ time: Date.UTC(2026, 10, 20), lat: 48.8566, lon: 2.3522 }));
  await device.barrier();
});
afterAll(async () => {
  device.end();
  await gateway.remove();
  await rm(folder, { recursive: true });
});

function blocks(kind: string): string[] {
  return [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter(([, of]) => of === kind)
    .map(([, , code = '']) => code);
}

/** Runs lines as a shell does, after the document's variables, with the built program in place of npx. */
function shell(lines: string): Promise<{ code: number | string; out: string; err: string }> {
  const env = environment({ M2MP_URL: gateway.url, M2MP_TOKEN: gateway.token });
  const script = `set -eo pipefail\n${variables}${lines}`.replaceAll('npx m2mp', `"${process.execPath}" "${PROGRAM}"`);
  return new Promise((resolve) =>
    execFile('bash', ['-c', script], { cwd: folder, env, timeout: 20_000 }, (error, out, err) =>
      resolve({ code: error?.code ?? 0, out, err }),
    ),
  );
}

it.each(examples)('docs/api.md: what it shows works: %s', async (lines) => {
  const { code, err } = await shell(lines);
  expect({ code, err }).toMatchObject({ code: 0 });
});

it.each(blocks('sh live'))('docs/api.md: what it shows as live goes on: %s', async (line) => {
  const sending = setInterval(() => device.send(device.side.location({ time: Date.now(), lat: 1, lon: 2 })), 100);
  // The program starts slowly where the machine is loaded; what it shows ends it.
  const { code, out } = await shell(`timeout 15 ${line.trim()} | grep --line-buffered -m 2 sen:loc`);
  clearInterval(sending);
  expect([0, 23]).toContain(code);
  expect(out.trim().split('\n')).toHaveLength(2);
});
