import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { startGatewayProcess } from './gateway-process.js';
import { canTrace, childOf, parseSystemCalls, type SystemCall } from './system-calls.js';

const ROUNDS = 200;
const haveStrace = canTrace();

it.skipIf(!haveStrace && !process.env['M2MP_TEST_ALL'])(
  `no answer leaves before the sync of what is before it has returned (${ROUNDS} answers, by their system calls)`,
  async () => {
    const data = await mkdtemp(join(tmpdir(), 'm2mp-trace-'));
    const log = join(data, 'strace.log');
    const calls = 'read,write,writev,pwrite64,pwritev,pwritev2,fdatasync,fsync,sendto,sendmsg';
    const strace = ['strace', '-f', '-yy', '-x', '-s', '64', '-e', `trace=${calls}`, '-o', log];
    const gateway = await startGatewayProcess(data, [], strace);
    const device = await DeviceOnASocket.identified(m2mp, gateway.ports.get('m2mp') ?? 0, 'imei:123456789012345');
    for (let n = 0; n < ROUNDS; n++) {
      const reading = device.side.reading('sen:temp', `${n}`, 1_700_000_000_000 + n * 1_000);
      device.send(Buffer.concat([reading, device.side.barrier(n % 256)]));
      while ((await device.hears('barrier')).n !== n % 256);
    }
    device.end();
    // strace ends with its child; the signal must reach the gateway itself.
    process.kill(childOf(gateway.process.pid ?? 0), 'SIGTERM');
    await gateway.ended;
    const broken = answersBeforeTheirSync(parseSystemCalls(await readFile(log, 'utf8')));
    expect(broken.answers).toBe(ROUNDS);
    expect(broken.early).toEqual([]);
    await rm(data, { recursive: true });
  },
  120_000,
);

it('the check sees an answer that left too early', () => {
  const socket = '25<TCP:[127.0.0.1:3010->127.0.0.1:40000]>';
  const log = [
    `1 read(${socket}, "\\x21\\x02\\x05", 65536) = 3`,
    `2 pwrite64(19</d/data.mdb>, "data"..., 4096, 8192) = 4096`,
    `2 fdatasync(19</d/data.mdb> <unfinished ...>`,
    `1 write(${socket}, "\\x02\\x05", 2) = 2`,
    `2 <... fdatasync resumed>) = 0`,
    `2 pwrite64(20</d/data.mdb>, "meta"..., 128, 40) = 128`,
  ].join('\n');
  expect(answersBeforeTheirSync(parseSystemCalls(log)).early).toHaveLength(1);
});

/**
 * A barrier's answer must begin after, since the bytes of its request were read, LMDB wrote pages, `fdatasync` of them
 * returned, and the page that makes them count (128 bytes through a descriptor opened with O_DSYNC) was written.
 */
function answersBeforeTheirSync(calls: readonly SystemCall[]): { answers: number; early: SystemCall[] } {
  const isSocket = (call: SystemCall) => call.descriptor.includes('TCP');
  const isData = (call: SystemCall) => call.descriptor.includes('data.mdb') && call.result >= 0;
  const answers = calls.filter((call) => isSocket(call) && /^write\(.*"\\x02\\x[0-9a-f]{2}", 2\)/.test(call.text));
  const early = answers.filter((answer) => {
    const request = calls.findLast((call) => call.name === 'read' && isSocket(call) && call.returned < answer.began);
    const since = calls.filter((call) => call.began > (request?.returned ?? 0) && call.returned < answer.began);
    const sync = since.find((call) => call.name === 'fdatasync' && isData(call));
    const pages = since.find((call) => /^p?write/.test(call.name) && isData(call));
    const meta = since.findLast((call) => call.name === 'pwrite64' && isData(call) && call.result === 128);
    return !(sync && pages && meta && pages.returned < sync.began && sync.returned < meta.began);
  });
  return { answers: answers.length, early };
}
