/**
 * What is left of what was acknowledged, after the same `kill -9`: of a broker with persistence on (Debian's mosquitto,
 * which must be installed), and of this gateway. Run it built: `node dist/bench/peers/kept.js`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectAsync } from 'mqtt';
import { m2mp } from '../../protocols/m2mp/index.js';
import { startGateway } from '../programs.js';

const MESSAGES = 5_000;
const ROUNDS = 3;
const MQTT_PORT = 18_831;
const MOSQUITTO = '/usr/sbin/mosquitto';

async function mosquitto(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-peer-'));
  const configuration = join(directory, 'mosquitto.conf');
  const lines = [`listener ${MQTT_PORT} 127.0.0.1`, 'allow_anonymous true', 'persistence true', 'user root'];
  lines.push(`persistence_location ${directory}/`, 'max_queued_messages 0', 'max_inflight_messages 0');
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const url = `mqtt://127.0.0.1:${MQTT_PORT}`;
  const start = async (): Promise<ChildProcess> => {
    const broker = spawn(MOSQUITTO, ['-c', configuration], { stdio: 'ignore' });
    await sleep(700);
    return broker;
  };
  let broker = await start();
  const subscriber = await connectAsync(url, { clientId: 'reader', clean: false });
  await subscriber.subscribeAsync('t/#', { qos: 1 });
  await subscriber.endAsync();
  const publisher = await connectAsync(url, { clientId: 'device', reconnectPeriod: 0 });
  publisher.on('error', () => {});
  for (let n = 0; n < MESSAGES; n++) await publisher.publishAsync('t/x', String(n), { qos: 1 });
  await kill(broker);
  publisher.end(true);

  broker = await start();
  const kept = new Set<string>();
  const reader = await connectAsync(url, { clientId: 'reader', clean: false });
  reader.on('message', (_, payload) => kept.add(payload.toString()));
  await sleep(3_000);
  await reader.endAsync(true);
  await kill(broker);
  await rm(directory, { recursive: true });
  return kept.size;
}

async function gateway(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-peer-'));
  const first = await startGateway([], directory);
  const socket = connect({ port: first.port, host: '127.0.0.1', noDelay: true });
  const device = m2mp.device();
  let heard = () => {};
  socket.on('data', (bytes) => {
    for (const { event } of device.receive(bytes)) if (event === 'barrier' || event === 'identified') heard();
  });
  socket.on('error', () => {});
  const answered = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => {
      heard = resolve;
      socket.write(bytes);
    });
  await answered(device.identify('imei:490154203237518'));
  for (let n = 0; n < MESSAGES; n++)
    await answered(Buffer.concat([device.reading('sen:x', String(n), 1.7e12 + n * 1_000), device.barrier(n & 0xff)]));
  await kill(first.process);

  const again = await startGateway([], directory);
  const token = (await readFile(join(directory, 'admin.token'), 'utf8')).trim();
  let kept = 0;
  for (let cursor: string | null = ''; cursor !== null; ) {
    const url: string = `${again.url}/api/devices/imei:490154203237518/readings?type=sen:x&limit=1000${cursor}`;
    const page: { readings: unknown[]; next: string | null } = JSON.parse(
      await (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text(),
    );
    kept += page.readings.length;
    cursor = page.next && `&cursor=${encodeURIComponent(page.next)}`;
  }
  await again.stop();
  await rm(directory, { recursive: true });
  return kept;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

const rows = [];
for (let round = 1; round <= ROUNDS; round++)
  rows.push({
    round,
    acknowledged: MESSAGES,
    'kept by mosquitto': await mosquitto(),
    'kept by the gateway': await gateway(),
  });
console.table(rows);
process.exit(0);
