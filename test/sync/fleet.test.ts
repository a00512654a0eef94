import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@opensearch-project/opensearch';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { m2mp as protocol } from '../../protocols/m2mp/index.js';
import type { OwnStatus } from '../../src/sync/control.js';
import { connectSearch } from '../../src/sync/search.js';
import { environment, m2mp, PROGRAM } from '../cli/program.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import {
  addressOf,
  type Nsq,
  SERVICE_TIMEOUT,
  sharedCassandra,
  sharedOpenSearch,
  skipWithout,
  startNsq,
} from '../services/services.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster } from '../store/cassandra/keyspaces.js';

const IDENT = 'imei:490154203237518';
const PREFIX = 'fleet-test';

describe.skipIf(skipWithout('cassandra', 'nsq', 'opensearch'))('a fleet over Cassandra and NSQ', () => {
  let cluster: Cluster;
  let keyspace: string;
  let nsq: Nsq;
  let url: string;
  let client: Client;
  let gateway: GatewayUnderTest;
  let directory: string;
  let file: string;

  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = await createKeyspace(cluster);
    nsq = await startNsq('nsq-of-sync', addressOf(220));
    url = `http://${(await sharedOpenSearch()).address}:9200`;
    client = connectSearch({ nodes: [url] });
    const contact = (await sharedCassandra()).address;
    const nsqd = `${nsq.nsqd.address}:4150`;
    gateway = await startGatewayUnderTest({
      store: 'cassandra',
      'cassandra-contact-points': contact,
      'cassandra-keyspace': keyspace,
      bus: 'nsq',
      nsqd,
      'search-nodes': url,
      'search-prefix': PREFIX,
    });
    directory = await mkdtemp(join(tmpdir(), 'm2mp-fleet-'));
    file = join(directory, 'sync.yaml');
    await writeFile(
      file,
      `
interval: 0.2
search: { nodes: ["${url}"] }
cassandra: { contact-points: ["${contact}"], keyspace: ${keyspace} }
own: { prefix: ${PREFIX}, nsqd: ["${nsqd}"], readings: ["sen:loc"] }
`,
    );
  }, 2 * SERVICE_TIMEOUT);
  afterAll(async () => {
    await gateway?.remove();
    await client?.indices.delete({ index: `${PREFIX}-*` });
    await client?.close();
    nsq?.nsqd.stop();
    nsq?.nsqlookupd.stop();
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
    await rm(directory, { recursive: true, force: true });
  });

  const found = async (q: string): Promise<string[]> => {
    const { body } = await gateway.api('GET', `/api/search?q=${encodeURIComponent(q)}`);
    return (body.devices ?? []).map((one: { device: { ident: string } }) => one.device.ident);
  };

  /** As the index has it, whatever the registry says. */
  const indexedDevice = async (): Promise<Record<string, unknown> | undefined> => {
    await client.indices.refresh({ index: `${PREFIX}-devices` });
    const { body } = await client.search({ index: `${PREFIX}-devices` });
    return body.hits.hits[0]?._source;
  };
  const own = async (): Promise<OwnStatus[]> =>
    JSON.parse((await m2mp(['sync', 'status', '--json', '--config', file])).out).own;

  it('is searched in the index that m2mp sync keeps', async () => {
    const sync = spawn(process.execPath, [PROGRAM, 'sync', 'run', '--config', file], {
      env: environment(),
      stdio: 'ignore',
    });
    try {
      const device = await DeviceOnASocket.identified(protocol, gateway.port('m2mp'), IDENT);
      await until(async () => (await found('imei')).includes(IDENT));
      device.send(device.side.location({ time: Date.now(), lat: 48.8566, lon: 2.3522 }));
      await device.barrier();
      await until(async () => (await found('near:48.85,2.35,5')).includes(IDENT));
      device.end();
      const change = (body: object) => gateway.api('PATCH', `/api/devices/${IDENT}`, body);
      // Long before the next comparison of all devices.
      await change({ name: 'Van 7' });
      await until(async () => (await found('"van 7"')).includes(IDENT));
      const { body: domain } = await gateway.api('POST', '/api/domains', { name: 'movers' });
      await change({ domain: 'movers' });
      await until(async () => (await indexedDevice())?.['domain'] === domain.id);
      await gateway.api('DELETE', `/api/devices/${IDENT}`);
      await until(async () => (await indexedDevice()) === undefined);
      await gateway.api('POST', `/api/devices/${IDENT}/restore`);
      await until(async () => (await found('"van 7"')).includes(IDENT));
      await until(async () => (await own()).every(({ indexed, lag }) => indexed === 1 && lag !== null));
      expect(await own()).toMatchObject([
        { name: 'devices', indexed: 1, refused: 0, error: null },
        { name: 'readings', indexed: 1, written: 1, refused: 0, error: null },
      ]);
      // Later runs bring it down again.
      expect((await own())[0]?.lag).toBeLessThan(60_000);
    } finally {
      const ended = once(sync, 'exit');
      sync.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    }
  }, 120_000);

  it('tells in its status what keeps its own data from the index', async () => {
    const wrong = join(directory, 'wrong.yaml');
    await writeFile(
      wrong,
      (await readFile(file, 'utf8')).replace(/contact-points: \[.*?\]/, 'contact-points: ["127.0.0.1:1"]'),
    );
    const sync = spawn(process.execPath, [PROGRAM, 'sync', 'run', '--config', wrong], {
      env: environment(),
      stdio: 'ignore',
    });
    const ended = once(sync, 'exit');
    const status = async () => JSON.parse((await m2mp(['sync', 'status', '--json', '--config', wrong])).out).own;
    await until(async () => (await status())[0].error !== null);
    // What was noted before stays.
    expect(await status()).toMatchObject([
      { name: 'devices', indexed: 1, error: { why: expect.stringContaining('Cassandra') } },
      { name: 'readings', written: 1, error: { why: expect.stringContaining('Cassandra') } },
    ]);
    expect((await m2mp(['sync', 'status', '--config', wrong])).out).toMatch(/OWN +LAG S +INDEXED +WRITTEN/);
    sync.kill('SIGTERM');
    await ended;
  }, 60_000);

  it('has its indices filled anew', async () => {
    expect(await m2mp(['sync', 'rebuild', 'devices', '--config', file])).toMatchObject({ code: 0, out: '1 devices\n' });
    expect(await found('near:48.85,2.35,5')).toEqual([IDENT]);
    const { code, out, err } = await m2mp(['sync', 'rebuild', 'readings', '--config', file]);
    expect({ code, out, err }).toMatchObject({ code: 0, out: '1 readings\n' });
  }, 60_000);
});

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resolve) => setTimeout(resolve, 200));
}
