import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addressOf, type Nsq, SERVICE_TIMEOUT, skipWithout, startNsq } from './services.js';

describe.skipIf(skipWithout('nsq'))('NSQ as a service of the tests', () => {
  let nsq: Nsq;
  beforeAll(async () => {
    nsq = await startNsq('nsq-of-services', addressOf(200));
  }, SERVICE_TIMEOUT);
  afterAll(() => {
    nsq?.nsqd.stop();
    nsq?.nsqlookupd.stop();
  });

  it('keeps its topics when nsqd is killed and started again', async () => {
    const { address } = nsq.nsqd;
    const url = `http://${address}:4151`;
    expect((await fetch(`${url}/topic/create?topic=kept`, { method: 'POST' })).status).toBe(200);
    await nsq.nsqd.restart();
    nsq.nsqd.signal('SIGKILL');
    await nsq.nsqd.restart();
    const { topics } = (await (await fetch(`${url}/stats?format=json`)).json()) as { topics: { topic_name: string }[] };
    expect(topics.map(({ topic_name }) => topic_name)).toContain('kept');
  });
});
