import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Bus, type Message, NotSent } from '../../src/bus/bus.js';
import { until } from '../until.js';

/** A bus, where it spans processes seen from two of them: what one publishes, the other hears. */
export interface BusUnderTest {
  readonly publisher: Bus;
  readonly listener: Bus;
  /** What the two told of, for the log. */
  readonly troubles: readonly string[];
  close(): Promise<void>;
}

export function message(n: number, topic = 'events'): Message {
  return { _to: topic, _from: 'test', _call: 'told', _time: 1_700_000_000.25, n };
}

/** What every bus does, given what opens one that nobody else uses. */
export function busSuite(open: () => Promise<BusUnderTest>): void {
  let bus: BusUnderTest;
  let tests = 0;
  let topic: string;

  beforeEach(async () => {
    bus = await open();
    topic = `topic-${process.pid}-${++tests}`;
  });
  afterEach(() => bus.close());

  /** Listens, and resolves once what the other side publishes arrives. */
  async function hear(channel: string, shared = false): Promise<unknown[]> {
    const heard: unknown[] = [];
    await listening(channel, ({ n }) => void heard.push(n), shared);
    return heard;
  }

  async function listening(
    channel: string,
    handler: (message: Message) => void | Promise<void>,
    shared = false,
  ): Promise<() => void> {
    let arrived = false;
    const end = bus.listener.subscribe(
      topic,
      channel,
      (told) => {
        if (told._call !== 'sign') return handler(told);
        arrived = true;
      },
      { shared },
    );
    await until('a listener hears', async () => {
      if (!arrived) bus.publisher.publish(topic, { ...message(-1, topic), _call: 'sign' });
      await new Promise((resolve) => setTimeout(resolve, 20));
      return arrived;
    });
    return end;
  }

  const sorted = (values: unknown[]) => values.map(Number).sort((a, b) => a - b);

  it('every channel of a topic gets each message, whole', async () => {
    const whole: Message[] = [];
    await listening('whole', (told) => void whole.push(told));
    const [a, b] = [await hear('a'), await hear('b')];
    for (let n = 0; n < 5; n++) expect(bus.publisher.publish(topic, message(n, topic))).toBe(true);
    await until('both heard all', () => a.length === 5 && b.length === 5 && whole.length === 5);
    expect([sorted(a), sorted(b)]).toEqual([
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ]);
    expect(whole.toSorted((one, other) => Number(one['n']) - Number(other['n']))[3]).toEqual(message(3, topic));
  });

  it('nothing is handed over in the turn of publishing', async () => {
    const heard = await hear('a');
    bus.publisher.publish(topic, message(1, topic));
    expect(heard).toEqual([]);
    await until('it is heard', () => heard.length === 1);
  });

  it('each message of a shared channel is for one of its listeners', async () => {
    const [first, second] = [await hear('shared', true), await hear('shared', true)];
    for (let n = 0; n < 20; n++) await bus.publisher.send(topic, message(n, topic));
    await until('all are heard', () => first.length + second.length >= 20);
    expect(sorted([...first, ...second])).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('a shared channel handles several at a time, and one whose handler failed comes again', async () => {
    let underWay = 0;
    let most = 0;
    const done: unknown[] = [];
    let tries = 0;
    await listening(
      'shared',
      async ({ n }) => {
        most = Math.max(most, ++underWay);
        await new Promise((resolve) => setTimeout(resolve, 100));
        underWay--;
        if (n === 2 && ++tries < 3) throw new Error('not this time');
        done.push(n);
      },
      true,
    );
    for (let n = 0; n < 4; n++) bus.publisher.publish(topic, message(n, topic));
    await until('all are done', () => done.length === 4);
    expect(done.at(-1)).toBe(2);
    expect(tries).toBe(3);
    expect(most).toBeGreaterThan(1);
    expect(bus.listener.counts.failed).toBe(2);
    expect(bus.troubles.filter((why) => why.includes('not this time'))).toHaveLength(2);
  });

  it('a handler that throws or rejects disturbs nobody', async () => {
    await listening('throws', () => {
      throw new Error('thrown');
    });
    await listening('rejects', () => Promise.reject(new Error('rejected')));
    const heard = await hear('hears');
    for (const n of [1, 2]) bus.publisher.publish(topic, message(n, topic));
    await until('they are heard', () => heard.length === 2 && bus.listener.counts.failed === 4);
    expect(sorted(heard)).toEqual([1, 2]);
    expect(bus.troubles.filter((why) => why.includes('thrown'))).toHaveLength(2);
  });

  it('a message without _to, _from or _call is counted and goes nowhere', async () => {
    const heard = await hear('a');
    for (const missing of ['_to', '_from', '_call']) {
      expect(bus.publisher.publish(topic, { ...message(1, topic), [missing]: '' })).toBe(false);
      await expect(bus.publisher.send(topic, { ...message(1, topic), [missing]: '' })).rejects.toThrow(NotSent);
    }
    await bus.publisher.send(topic, message(2, topic));
    await until('the next is heard', () => heard.length > 0);
    expect(heard).toEqual([2]);
    expect(bus.publisher.counts.malformed).toBe(6);
    expect(bus.troubles[0]).toContain('no _to');
  });

  it('who ended listening hears nothing more, also where it ended twice', async () => {
    const gone: unknown[] = [];
    const end = await listening('gone', ({ n }) => void gone.push(n));
    const heard = await hear('stays');
    end();
    end();
    bus.publisher.publish(topic, message(1, topic));
    await until('who stays hears', () => heard.length === 1);
    expect(gone).toEqual([]);
  });

  it('a handler that takes its time gets one message after the other', async () => {
    let underWay = 0;
    const heard: unknown[] = [];
    await listening('slow', async ({ n }) => {
      expect(++underWay).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay--;
      heard.push(n);
    });
    for (let n = 0; n < 10; n++) bus.publisher.publish(topic, message(n, topic));
    await until('all are heard', () => heard.length === 10);
    expect(bus.listener.counts.failed).toBe(0);
  });
}
