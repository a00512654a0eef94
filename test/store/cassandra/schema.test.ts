import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { TABLES } from '../../../src/store/cassandra/tables.js';
import { checkCassandra, initCassandra, openStore } from '../../../src/store/open.js';
import { m2mp } from '../../cli/program.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import {
  type Cluster,
  DATACENTER,
  dropKeyspace,
  keyspaceName,
  openCluster,
  openKeyspace,
  storeOptions,
} from './keyspaces.js';

const ONE_COPY = new Map([[DATACENTER, 1]]);

describe.skipIf(skipWithout('cassandra'))('the keyspace in Cassandra', () => {
  let cluster: Cluster;
  let keyspace: string;
  beforeAll(async () => {
    cluster = await openCluster();
  }, SERVICE_TIMEOUT);
  afterAll(() => cluster.close());
  beforeEach(() => {
    keyspace = keyspaceName();
  });
  afterEach(() => dropKeyspace(cluster, keyspace));

  const session = () => ({ ...cluster.session, keyspace });
  const errorsFound = async () =>
    (await checkCassandra(session())).filter(({ grave }) => grave === 'error').map(({ what }) => what);

  it('is made once, as it is expected, with windows of time for the series', async () => {
    expect(await initCassandra(session(), ONE_COPY)).toHaveLength(1 + TABLES.length);
    expect(await initCassandra(session(), ONE_COPY)).toEqual([]);
    expect(await checkCassandra(session())).toEqual([
      { grave: 'warning', what: expect.stringContaining('nothing is stored while one node is down') },
    ]);
    const query = 'SELECT compaction FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?';
    const { rows } = await cluster.client.execute(query, [keyspace, 'timeseries']);
    expect(rows[0]?.['compaction'].get('class')).toContain('TimeWindowCompactionStrategy');
  });

  it('is completed where tables are missing', async () => {
    await initCassandra(session(), ONE_COPY);
    await cluster.client.execute(`DROP TABLE ${keyspace}.timeseries_index`);
    expect(await errorsFound()).toEqual([expect.stringContaining('no table timeseries_index')]);
    expect(await initCassandra(session(), ONE_COPY)).toEqual(['made the table timeseries_index']);
    expect(await errorsFound()).toEqual([]);
  });

  it('is not made with copies that the cluster cannot hold, nor changed in passing', async () => {
    const refused = (replication: ReadonlyMap<string, number>) =>
      expect(initCassandra(session(), replication)).rejects.toMatchObject({ name: 'StoreNotOpened' });
    await refused(new Map([['dc9', 1]]));
    await refused(new Map([[DATACENTER, 3]]));
    await cluster.client.execute(
      `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${DATACENTER}': 2}`,
    );
    await refused(ONE_COPY);
  });

  it('differs by a missing column, another type, another key, a missing index', async () => {
    await initCassandra(session(), ONE_COPY);
    for (const change of [
      'DROP TABLE KS.timeseries',
      'CREATE TABLE KS.timeseries (id text, date text, time timeuuid, type int, PRIMARY KEY (id, date, time))',
      'DROP INDEX KS.registrynode_status_idx',
    ])
      await cluster.client.execute(change.replaceAll('KS', keyspace));
    expect(await errorsFound()).toEqual([
      'registrynode has no index on status',
      'timeseries.type is int, expected text',
      'timeseries has no column data text',
      'timeseries is partitioned by id, expected id, date',
      'timeseries is clustered by date ASC, time ASC, expected time DESC',
    ]);
    await expect(openKeyspace(cluster, keyspace)).rejects.toThrow(/timeseries has no column data/);
  });

  it('is not opened where it is missing, where nobody answers, and where reads could miss what was acknowledged', async () => {
    await expect(openKeyspace(cluster, keyspace)).rejects.toThrow(/there is no keyspace/);
    const nobody = { ...storeOptions(cluster, keyspace), contactPoints: ['127.255.255.250'] };
    await expect(openStore({ cassandra: nobody })).rejects.toMatchObject({ code: 'away' });
    const elsewhere = { ...storeOptions(cluster, keyspace), datacenter: 'dc9' };
    await expect(openStore({ cassandra: elsewhere })).rejects.toMatchObject({ code: 'away' });
    await initCassandra(session(), ONE_COPY);
    await cluster.client.execute(
      `ALTER KEYSPACE ${keyspace} WITH replication = {'class': 'NetworkTopologyStrategy', '${DATACENTER}': 3}`,
    );
    const stale = { ...storeOptions(cluster, keyspace), write: 'ONE', read: 'ONE' } as const;
    await expect(openStore({ cassandra: stale })).rejects.toMatchObject({ code: 'stale_reads' });
    const store = await openStore({ cassandra: { ...stale, allowStaleReads: true } });
    await store.close();
  });

  it('m2mp store makes it and checks it', async () => {
    const flags = [
      '--cassandra-contact-points',
      cluster.session.contactPoints.join(),
      '--cassandra-keyspace',
      keyspace,
    ];
    expect(await m2mp(['store', 'check', ...flags])).toMatchObject({ code: 1 });
    const made = await m2mp(['store', 'init', '--replication', `${DATACENTER}=1`, ...flags]);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('made the table timeseries_index') });
    expect(await m2mp(['store', 'check', ...flags])).toMatchObject({ code: 0 });
    expect(await m2mp(['store', 'init', '--replication', 'x', ...flags])).toMatchObject({ code: 2 });
  });
});
