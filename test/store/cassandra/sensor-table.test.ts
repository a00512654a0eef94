/** `m2mp sensors import`: the table of another program, sent to a gateway. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { m2mp } from '../../cli/program.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../../gateway/gateway-under-test.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import { type Cluster, DATACENTER, dropKeyspace, keyspaceName, openCluster } from './keyspaces.js';

const START = Date.UTC(2026, 10, 20, 12);

describe.skipIf(skipWithout('cassandra'))('a table of sensors in Cassandra', () => {
  let cluster: Cluster;
  let gateway: GatewayUnderTest;
  const keyspace = keyspaceName();
  const importing = () => {
    const { contactPoints } = cluster.session;
    const where = ['--cassandra-contact-points', contactPoints.join(','), '--cassandra-datacenter', DATACENTER];
    return m2mp(['sensors', 'import', ...where, '--cassandra-keyspace', keyspace], {
      env: { M2MP_URL: gateway.url, M2MP_TOKEN: gateway.token },
    });
  };

  beforeAll(async () => {
    cluster = await openCluster();
    gateway = await startGatewayUnderTest();
    const replication = "{'class': 'SimpleStrategy', 'replication_factor': 1}";
    await cluster.client.execute(`CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`);
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
    await gateway.remove();
  });

  it('is imported whole, once however often that is done, and its absence is told', async () => {
    expect(await importing()).toMatchObject({ code: 1, err: expect.stringContaining('sensor_data') });
    await cluster.client.execute(
      `CREATE TABLE ${keyspace}.sensor_data (sensor_id text, time timestamp, reading double, PRIMARY KEY (sensor_id, time))`,
    );
    const insert = `INSERT INTO ${keyspace}.sensor_data (sensor_id, time, reading) VALUES (?, ?, ?)`;
    for (let n = 0; n < 1_200; n++) {
      const params = [`FA-1:sensor-${n % 3}`, new Date(START + n * 1_000), n / 4];
      await cluster.client.execute(insert, params, { prepare: true });
    }
    for (let again = 0; again < 2; again++)
      expect(await importing()).toMatchObject({ code: 0, out: '1200 readings are imported\n' });
    expect((await gateway.api('GET', '/api/sensors')).body.sensors).toHaveLength(3);
    const { body } = await gateway.api('GET', '/api/sensors?sensor=FA-1:sensor-2&days=36500&limit=1000');
    expect(body.readings).toHaveLength(400);
    expect(body.readings[0]).toMatchObject({ time: new Date(START + 1_199_000).toISOString(), reading: 1_199 / 4 });
  }, 120_000);
});
