import nsqjs from 'nsqjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Bus, NotSent } from '../../src/bus/bus.js';
import { MAX_MESSAGE_BYTES } from '../../src/bus/nsq/publisher.js';
import { createNsqBus, type NsqOptions } from '../../src/bus/nsq.js';
import {
  addressOf,
  type Nsq,
  SERVICE_TIMEOUT,
  type Service,
  skipWithout,
  startNsq,
  startNsqd,
} from '../services/services.js';
import { until } from '../until.js';
import { busSuite, message } from './bus-suite.js';

describe.skipIf(skipWithout('nsq'))('over NSQ', { timeout: 60_000 }, () => {
  let nsq: Nsq;
  const open: Bus[] = [];
  let troubles: string[] = [];
  let topic: string;
  let buses = 0;

  beforeAll(async () => {
    nsq = await startNsq('nsq-of-bus', addressOf(201));
  }, SERVICE_TIMEOUT);
  afterAll(() => {
    nsq?.nsqd.stop();
    nsq?.nsqlookupd.stop();
  });
  beforeEach(() => {
    troubles = [];
    topic = `own-${process.pid}-${++buses}`;
  });
  afterEach(async () => {
    await nsq.nsqd.restart();
    await Promise.all(open.splice(0).map((bus) => bus.close()));
  });

  function openBus(options: Partial<NsqOptions> = {}): Bus {
    const bus = createNsqBus({
      servers: [{ host: nsq.nsqd.address, port: 4150 }],
      lookups: [],
      name: `bus-${process.pid}-${++buses}`,
      now: Date.now,
      random: Math.random,
      againAfter: 50,
      onTrouble: (why) => void troubles.push(why),
      ...options,
    });
    open.push(bus);
    return bus;
  }

  /** Resolves to what a listener hears, once it hears. */
  async function hear(bus: Bus, on: string, channel: string, shared = false): Promise<number[]> {
    const heard: number[] = [];
    bus.subscribe(on, channel, ({ n }) => void heard.push(Number(n)), { shared });
    await until('the channel is there', async () => (await channelsOf(nsq.nsqd, on)).length > 0);
    return heard;
  }

  /** Puts a text on a topic as any other program may. */
  async function put(text: string): Promise<void> {
    const url = `http://${nsq.nsqd.address}:4151/pub?topic=${topic}`;
    expect((await fetch(url, { method: 'POST', body: text })).status).toBe(200);
  }

  busSuite(async () => {
    const bus = { publisher: openBus(), listener: openBus(), troubles };
    return { ...bus, close: async () => void (await Promise.all(open.splice(0).map((one) => one.close()))) };
  });

  it('a message on the wire is its JSON, alone', async () => {
    const bodies: string[] = [];
    const reader = new nsqjs.Reader(topic, 'raw', { nsqdTCPAddresses: [`${nsq.nsqd.address}:4150`] });
    reader.on('message', (raw: nsqjs.NsqMessage) => {
      bodies.push(raw.body.toString());
      raw.finish();
    });
    reader.connect();
    const sent = { ...message(1, topic), _to: `${topic};device_id=ä`, more: { list: [1, 'two'] } };
    await openBus().send(topic, sent);
    await until('the message is read', () => bodies.length === 1);
    reader.close();
    expect(JSON.parse(bodies[0] ?? '')).toEqual(sent);
  });

  it('what others put there is dropped where it is no message, and gets a time where it has none', async () => {
    const bus = openBus();
    const times: unknown[] = [];
    const heard: unknown[] = [];
    bus.subscribe(topic, 'own', ({ n, _time }) => {
      heard.push(n);
      times.push(_time);
    });
    await until('the channel is there', async () => (await channelsOf(nsq.nsqd, topic)).length > 0);
    for (const odd of [
      'no JSON',
      '[]',
      'null',
      '"text"',
      '{"_to":"a","_from":"b"}',
      '{"_to":1,"_from":"b","_call":"c"}',
    ])
      await put(odd);
    await put('{"_to":"a","_from":"b","_call":"c","n":7}');
    await until('the one is heard', () => heard.length === 1);
    await until('the others are counted', () => bus.counts.malformed === 6);
    expect(heard).toEqual([7]);
    expect(times[0]).toBeCloseTo(Date.now() / 1_000, -2);
    expect(troubles.filter((why) => why.startsWith(`Malformed message on ${topic}`))).toHaveLength(6);
  });

  it('what is no message goes to onMalformed of a shared channel, and comes again until that takes it', async () => {
    const given: [string, string][] = [];
    openBus().subscribe(topic, 'shared', () => {}, {
      shared: true,
      async onMalformed(text, why) {
        given.push([text, why]);
        if (given.length === 1) throw new Error('not now');
      },
    });
    await put('no JSON');
    await until('it is given twice', () => given.length === 2);
    expect(given).toEqual([
      ['no JSON', 'not JSON'],
      ['no JSON', 'not JSON'],
    ]);
  });

  it('sent is confirmed: while nsqd hangs or is gone it is not, and it leaves when nsqd is back', async () => {
    const [publisher, listener] = [openBus(), openBus()];
    const heard = await hear(listener, topic, 'shared', true);
    await publisher.send(topic, message(0, topic));
    // What nsqd has in memory goes with it: this one must be out of it.
    await until('the first is heard', () => heard.includes(0));
    nsq.nsqd.signal('SIGSTOP');
    // A thread of it that runs may run on for a moment.
    await new Promise((resolve) => setTimeout(resolve, 100));
    let confirmed = false;
    const sent = publisher.send(topic, message(1, topic)).then(() => (confirmed = true));
    expect(publisher.publish(topic, message(2, topic))).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(confirmed).toBe(false);
    nsq.nsqd.signal('SIGKILL');
    await nsq.nsqd.restart();
    await sent;
    await until('all are heard', () => new Set(heard).size === 3, 30_000);
    expect(publisher.counts).toMatchObject({ published: 3, dropped: 0 });
    expect(publisher.counts.resent).toBeGreaterThan(0);
  });

  it('it starts without a server, and keeps what is published until there is one', async () => {
    nsq.nsqd.signal('SIGKILL');
    const [publisher, listener] = [openBus(), openBus()];
    const heard: unknown[] = [];
    listener.subscribe(topic, 'shared', ({ n }) => void heard.push(n), { shared: true });
    let confirmed = 0;
    const sent = Array.from({ length: 500 }, (_, n) =>
      publisher.send(topic, message(n, topic)).then(() => confirmed++),
    );
    await until('the connection fails', () => troubles.length > 0);
    expect(confirmed).toBe(0);
    await nsq.nsqd.restart();
    await Promise.all(sent);
    await until('all are heard', () => new Set(heard).size === 500, 30_000);
  });

  it('keeps no more than its bound: what is over that is not sent, and told so', async () => {
    nsq.nsqd.signal('SIGKILL');
    const bus = openBus({ maxQueued: 3 });
    const sent = [0, 1, 2].map((n) => bus.send(topic, message(n, topic)));
    await expect(bus.send(topic, message(3, topic))).rejects.toThrow(NotSent);
    expect(bus.publish(topic, message(4, topic))).toBe(false);
    expect(bus.counts.dropped).toBe(2);
    await nsq.nsqd.restart();
    await Promise.all(sent);
  });

  it('closing gives up what nsqd does not take in time, and tells so', async () => {
    nsq.nsqd.signal('SIGKILL');
    const bus = openBus({ closeWithin: 50 });
    const sent = bus.send(topic, message(1, topic));
    const refused = expect(sent).rejects.toThrow('closed first');
    await bus.close();
    await refused;
    expect(troubles.some((why) => why.includes('1 messages were not taken'))).toBe(true);
    await expect(bus.send(topic, message(2, topic))).rejects.toThrow(NotSent);
  });

  it('what nsqd would never take is refused, and holds up nothing', async () => {
    const bus = openBus();
    await expect(bus.send('no topic', message(1))).rejects.toThrow('no topic that NSQ takes');
    await expect(bus.send(topic, { ...message(1), data: 'x'.repeat(MAX_MESSAGE_BYTES) })).rejects.toThrow(NotSent);
    expect(() => bus.subscribe('no topic', 'a', () => {})).toThrow('Invalid topic');
    await bus.send(topic, message(2));
  });

  it('a listener is told when it may have missed messages: each time the connection is made', async () => {
    let gaps = 0;
    const bus = openBus();
    bus.subscribe(topic, 'own', () => {}, { onGap: () => void gaps++ });
    await until('it is connected', () => gaps === 1);
    nsq.nsqd.signal('SIGKILL');
    await nsq.nsqd.restart();
    await until('it is connected again', () => gaps === 2, 30_000);
  });

  it('the listeners of the process that publishes hear it once, also while there is no server', async () => {
    const bus = openBus();
    const heard = await hear(bus, topic, 'own');
    await bus.send(topic, message(1, topic));
    nsq.nsqd.signal('SIGKILL');
    const sent = bus.send(topic, message(2, topic));
    await until('both are heard', () => heard.length === 2);
    await nsq.nsqd.restart();
    await sent;
    const other = openBus();
    await until('messages of others come', async () => {
      await other.send(topic, message(3, topic));
      return heard.includes(3);
    });
    expect(heard.filter((n) => n < 3)).toEqual([1, 2]);
  });

  it('of a topic that need not be kept nothing is, while nobody listens, and listeners hear of it', async () => {
    const bus = openBus({ unkept: [topic] });
    await bus.send(topic, message(0, topic));
    await until('the idle channel is there', async () => (await channelsOf(nsq.nsqd, topic)).length === 1);
    for (let n = 1; n <= 20; n++) await bus.send(topic, message(n, topic));
    const answer = await fetch(`http://${nsq.nsqd.address}:4151/stats?format=json&topic=${topic}`);
    const { topics } = (await answer.json()) as { topics: TopicStats[] };
    expect(topics[0]?.depth).toBe(0);
    const heard: unknown[] = [];
    openBus().subscribe(topic, 'own', ({ n }) => void heard.push(n));
    await until('two channels are there', async () => (await channelsOf(nsq.nsqd, topic)).length === 2);
    await bus.send(topic, message(21, topic));
    await until('it is heard', () => heard.includes(21));
  });

  it('a message under way is touched, so that nobody else gets it meanwhile', async () => {
    let calls = 0;
    const slow = openBus({ messageTimeout: 1_000 });
    slow.subscribe(
      topic,
      'shared',
      async () => {
        calls++;
        await new Promise((resolve) => setTimeout(resolve, 2_500));
      },
      { shared: true },
    );
    await openBus().send(topic, message(1, topic));
    await until('it is done', () => slow.counts.delivered === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(calls).toBe(1);
  });

  describe('with nsqlookupd', () => {
    let other: Service;
    beforeAll(async () => {
      other = await startNsqd('nsq-of-bus-other', addressOf(202), nsq.nsqlookupd.address);
    }, SERVICE_TIMEOUT);
    afterAll(() => other?.stop());

    const lookups = () => [{ host: nsq.nsqlookupd.address, port: 4161 }];

    it('a listener finds the other nsqd that have the topic, and keeps to them when it is gone', async () => {
      const publisher = openBus({ servers: [{ host: other.address, port: 4150 }] });
      await publisher.send(topic, message(0, topic));
      const listener = openBus({ lookups: lookups(), askEvery: 100 });
      const heard = await hear(listener, topic, 'shared', true);
      await until('it is found', () => heard.includes(0));
      nsq.nsqlookupd.signal('SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 300));
      await publisher.send(topic, message(1, topic));
      await until('it is heard without nsqlookupd', () => heard.includes(1));
      await nsq.nsqlookupd.restart();
    });

    it('it is known who listens, and that nobody does', async () => {
      const asker = openBus({ lookups: lookups(), askEvery: 100, unkept: [topic] });
      await asker.send(topic, message(1, topic));
      expect(asker.listeners(topic)).toBe(1);
      await until('it is known that nobody listens', () => asker.listeners(topic) === 0);
      const end = openBus({ servers: [{ host: other.address, port: 4150 }] }).subscribe(topic, 'converter', () => {});
      await until('the listener is known', () => asker.listeners(topic) === 1);
      end();
      await until('it is known that it left', () => asker.listeners(topic) === 0);
    });

    it('messages are published to the next nsqd when the first is gone', async () => {
      const both = [nsq.nsqd, other].map(({ address }) => ({ host: address, port: 4150 }));
      const [publisher, listener] = [openBus({ servers: both }), openBus({ servers: both })];
      const heard = await hear(listener, topic, 'shared', true);
      await publisher.send(topic, message(1, topic));
      await until('the first is heard', () => heard.includes(1));
      nsq.nsqd.signal('SIGKILL');
      await publisher.send(topic, message(2, topic));
      await until('the second is heard', () => heard.includes(2), 30_000);
    });
  });
});

async function channelsOf({ address }: Service, topic: string): Promise<string[]> {
  const answer = await fetch(`http://${address}:4151/stats?format=json&topic=${topic}`);
  const stats = (await answer.json()) as { topics: TopicStats[] | null };
  return (stats.topics ?? []).flatMap(({ channels }) =>
    channels.filter(({ client_count }) => client_count > 0).map(({ channel_name }) => channel_name),
  );
}

interface TopicStats {
  readonly depth: number;
  readonly channels: readonly { readonly channel_name: string; readonly client_count: number }[];
}
