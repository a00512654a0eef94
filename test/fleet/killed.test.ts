/** Two gateways and a storage worker as processes of their own, over Cassandra and NSQ, of which a gateway is killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { environment, m2mp as run } from '../cli/program.js';
import { type GatewayProcess, PROGRAM, startGatewayProcess } from '../durability/gateway-process.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { addressOf, type Nsq, SERVICE_TIMEOUT, skipWithout, startNsq } from '../services/services.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster } from '../store/cassandra/keyspaces.js';
import { until } from '../until.js';

const PATIENCE = 60_000;
const IDENT = 'imei:490154203237518';

describe.skipIf(skipWithout('cassandra', 'nsq'))('processes over Cassandra and NSQ', { timeout: 240_000 }, () => {
  let cluster: Cluster;
  let keyspace: string;
  let nsq: Nsq;
  let directory: string;
  let flags: string[];
  let a: GatewayProcess;
  let b: GatewayProcess;
  let worker: ChildProcess;

  beforeAll(async () => {
    [cluster, nsq] = await Promise.all([openCluster(), startNsq('nsq-of-killed', addressOf(205))]);
    keyspace = await createKeyspace(cluster);
    directory = await mkdtemp(join(tmpdir(), 'm2mp-killed-'));
    const store = ['--store', 'cassandra', '--cassandra-contact-points', cluster.session.contactPoints.join()];
    flags = [...store, '--cassandra-keyspace', keyspace, '--nsqd', `${nsq.nsqd.address}:4150`];
    const start = (name: string) => startGatewayProcess(join(directory, name), [...flags, '--bus', 'nsq']);
    [a, b] = await Promise.all([start('a'), start('b')]);
    worker = spawn(process.execPath, [PROGRAM, 'storage', ...flags], {
      env: environment(),
      stdio: 'ignore',
      cwd: directory,
    });
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    worker?.kill('SIGKILL');
    await Promise.all([a?.end('SIGKILL'), b?.end('SIGKILL')]);
    if (keyspace) await dropKeyspace(cluster, keyspace);
    await cluster?.close();
    nsq?.nsqd.stop();
    nsq?.nsqlookupd.stop();
    if (directory) await rm(directory, { recursive: true, force: true });
  });

  const connect = (to: GatewayProcess, ident: string) =>
    DeviceOnASocket.identified(m2mp, to.ports.get('m2mp') ?? 0, ident);
  async function listed(at: GatewayProcess): Promise<{ ident: string; gateway: string }[]> {
    return (await at.api<{ connections: { ident: string; gateway: string }[] }>('GET', '/api/connections')).connections;
  }

  it('what a gateway held that was killed is known by the other, is out of the list, and goes on there', async () => {
    const [moves, stays] = await Promise.all([connect(a, IDENT), connect(a, 'imei:490154203237526')]);
    const before = await listed(b);
    expect(before.map(({ ident }) => ident).sort()).toEqual([IDENT, 'imei:490154203237526']);
    moves.send(moves.side.reading('sen:temp', '20', Date.UTC(2026, 0, 1)));
    await moves.barrier();
    const { id } = await b.api<{ id: string }>('POST', `/api/devices/${IDENT}/commands`, { text: 'unanswered' });
    expect((await moves.hears('command', PATIENCE)).id).toBe(id);

    await a.end('SIGKILL');
    await Promise.all([moves.isClosed(), stays.isClosed()]);
    const again = await connect(b, IDENT);
    expect(await again.hears('command', PATIENCE)).toMatchObject({ id, text: 'unanswered' });
    const { readings } = await b.api<{ readings: unknown[] }>('GET', `/api/devices/${IDENT}/readings?type=sen:temp`);
    expect(readings).toMatchObject([{ data: '20' }]);
    await until('the killed gateway is out of the list', async () => (await listed(b)).length === 1, PATIENCE);
    const [only] = await listed(b);
    expect(only?.ident).toBe(IDENT);
    expect(only?.gateway).not.toBe(before[0]?.gateway);
    again.end();
  });

  it('the worker stores what a person publishes', async () => {
    const { id } = await b.api<{ id: string }>('GET', `/api/devices/${IDENT}`);
    const call = {
      _call: 'store_ts',
      key: `dev-${id}`,
      type: 'own',
      data: { n: 1 },
      date_nano: 1_767_225_600_000_000_000,
    };
    const published = await run([
      'bus',
      'publish',
      'storage',
      JSON.stringify(call),
      '--nsqd',
      `${nsq.nsqd.address}:4150`,
    ]);
    expect(published).toMatchObject({ code: 0 });
    await until(
      'it is stored',
      async () => {
        const { readings } = await b.api<{ readings: unknown[] }>('GET', `/api/devices/${IDENT}/readings?type=own`);
        return readings.length === 1;
      },
      PATIENCE,
    );
    worker.kill('SIGTERM');
    expect(await once(worker, 'exit')).toEqual([0, null]);
  });
});
