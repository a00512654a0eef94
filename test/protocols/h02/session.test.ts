import { describe, expect, test } from 'vitest';
import { MAX_FRAME_BYTES } from '../../../protocols/h02/frames.js';
import { confirmed, counted, identified, stored } from '../outcomes.js';
import { ID, identifiedSession, NOW, newSession, said } from './conversation-with-a-server.js';

const TIME = Date.UTC(2026, 2, 1, 8, 30, 15);
const PLACE = { time: TIME, lat: 22.546053, lon: 114.025974, spd: 42 };
const V1 = `*HQ,${ID},V1,083015,A,2232.7632,N,11401.5584,E,22.68,143,010326,FFFFFBFF#`;
const PACKET = Buffer.from(`24${ID}08301501032622128745001134665 74e014028fffffbff000000`.replace(' ', ''), 'hex');
const COMMAND = { id: '019a0000-0000-7000-8000-00006f1c1c0e', text: 'S20,1,1' };

describe('a message identifies its sender', () => {
  test.each([
    ['*HQ,350000000000701,HTBT#', 'imei:350000000000701'],
    ['*HQ,4109179024,V1,083015#', 'h02:4109179024'],
    [PACKET, 'h02:4109179024'],
  ])('%s', (message, ident) => {
    expect(newSession().receive(Buffer.from(message), NOW)).toEqual([{ do: 'identify', ident }]);
  });

  test.each(['*HQ,123,HTBT#', '*HQ,van-7,HTBT#', '*HQ,123456789012345678901,HTBT#', '*HQ,,HTBT#'])(
    'unless it has no such id: %s',
    (message) => {
      expect(newSession().receive(Buffer.from(message), NOW)).toEqual([
        expect.objectContaining({ do: 'count', what: 'malformed' }),
      ]);
    },
  );

  test('and is held back until the outcome is told; where it is refused nothing is stored or answered', () => {
    const session = newSession();
    session.receive(Buffer.from(V1), NOW);
    expect(session.tell({ tell: 'refused', why: 'not known' }, NOW)).toEqual([]);
    session.receive(Buffer.from(V1), NOW);
    const effects = session.tell({ tell: 'identified', ...identified }, NOW);
    expect(stored(effects)[0]).toMatchObject({ type: 'sen:loc', time: TIME });
  });
});

describe('a location', () => {
  const data = '{"lat":22.5460533,"lon":114.0259733,"spd":42,"head":143,"valid":true}';

  test('is answered when it is durable', () => {
    const effects = identifiedSession().hear(V1);
    expect(stored(effects)[0]).toEqual({ type: 'sen:loc', time: TIME, data, listed: null });
    expect(said(effects)).toEqual([`when durable: *HQ,${ID},V4,V1,20260301083500#`]);
  });

  test('is dated by the offset that is configured', () => {
    expect(stored(identifiedSession({ clockOffset: 480 }).hear(V1))[0]?.time).toBe(TIME - 8 * 3_600_000);
  });

  test('of an earlier round of GPS weeks is dated as it was meant, and counted', () => {
    const { device, hear } = identifiedSession();
    const effects = hear(device.location({ ...PLACE, time: TIME - 1_024 * 7 * 86_400_000 }));
    expect([stored(effects)[0]?.time, counted(effects)]).toEqual([TIME, ['week_rollover']]);
  });

  test('is the same from a packet, whatever its model sends behind it', () => {
    const tail = Buffer.from('0102030405060708090a0b0c0d', 'hex');
    for (const behind of [Buffer.alloc(0), Buffer.from('\r\n'), tail]) {
      const effects = identifiedSession().hear(Buffer.concat([PACKET, behind, PACKET]));
      expect(stored(effects).filter(({ type }) => type === 'sen:loc')).toHaveLength(2);
      expect(stored(effects)[0]).toEqual({
        type: 'sen:loc',
        time: TIME,
        data: '{"lat":22.214575,"lon":113.7776233,"spd":25.9,"head":28,"valid":true}',
        listed: null,
      });
      expect(counted(effects)).toEqual([]);
      expect(said(effects)).toEqual([]);
    }
  });

  test('tells its alarms by the bits that are 0', () => {
    const effects = identifiedSession().hear(V1.replace('FFFFFBFF', 'FFF3FFFB'));
    const values = Object.fromEntries(stored(effects).map((reading) => [reading.type, JSON.parse(reading.data)]));
    expect(values).toMatchObject({ 'sen:ignition': true, 'sen:alarm': ['sos', 'overspeed', 'power_cut'] });
  });

  test('off the earth is kept as it came', () => {
    const effects = identifiedSession().hear(V1.replace('2232.7632', '9532.7632'));
    expect([stored(effects)[0]?.type, counted(effects)]).toEqual(['_invalid', ['invalid_location']]);
  });
});

describe('commands', () => {
  test('have the time of the server, and are done by the answer with their code', () => {
    const { hear, greeting } = identifiedSession({ pendingCommands: [COMMAND] });
    expect(said(greeting)[1]).toBe(`*HQ,${ID},S20,083500,1,1#`);
    const effects = hear(`*HQ,${ID},V4,S20,DONE,083500,083015,A,2232.7632,N,11401.5584,E,0.00,000,010326,FFFFFBFF#`);
    expect(confirmed(effects)).toEqual([{ kind: 'commandDone', id: COMMAND.id, response: 'DONE' }]);
    expect(stored(effects)[0]).toMatchObject({ type: 'sen:loc', time: TIME });
    expect(counted(hear(`*HQ,${ID},V4,S20,DONE,083500#`))).toEqual(['unknown_command']);
  });

  test('of the same code are told apart by their times, and else done in their order', () => {
    const { session, hear } = identifiedSession();
    for (const [index, id] of ['a', 'b', 'c'].entries())
      session.tell({ tell: 'commands', commands: [{ id, text: 'R1' }] }, NOW + index * 1_000);
    const done = (time: string) => confirmed(hear(`*HQ,${ID},V4,R1,${time}#`));
    expect(done('083501')).toEqual([{ kind: 'commandDone', id: 'b', response: null }]);
    expect(done('083015')).toEqual([{ kind: 'commandDone', id: 'a', response: null }]);
    expect(done('083016')).toEqual([{ kind: 'commandDone', id: 'c', response: null }]);
  });

  test('are what the simulated device hears and answers', () => {
    const { session, device, hear } = identifiedSession();
    const [effect] = session.tell({ tell: 'commands', commands: [COMMAND] }, NOW);
    const heard = effect?.do === 'answer' ? device.receive(effect.bytes) : [];
    expect(heard).toEqual([{ event: 'command', id: 'S20 083500', text: COMMAND.text }]);
    const [command] = heard;
    const id = command?.event === 'command' ? command.id : '';
    expect(confirmed(hear(device.commandDone(id, 'all, is well')))).toEqual([
      { kind: 'commandDone', id: COMMAND.id, response: 'all, is well' },
    ]);
  });

  test.each(['S20#', 'a*b', 'ä', ''])('%j would break the text and is not sent', (text) => {
    const effects = identifiedSession().session.tell({ tell: 'commands', commands: [{ ...COMMAND, text }] }, NOW);
    expect([said(effects), counted(effects)]).toEqual([[], ['malformed']]);
  });
});

test('a heartbeat is answered by itself', () => {
  const { hear } = identifiedSession();
  for (const text of [`*HQ,${ID},HTBT#`, `*HQ,${ID},HTBT,87#`]) expect(said(hear(text))).toEqual([text]);
});

test('a text that has no end closes the connection at the limit', () => {
  const { session, hear } = identifiedSession();
  expect(hear(`*HQ,${ID},V1,`)).toEqual([]);
  const effects = hear('A'.repeat(MAX_FRAME_BYTES));
  expect(effects.map((effect) => effect.do)).toEqual(['count', 'close']);
  expect(session.receive(Buffer.from(V1), NOW)).toEqual([]);
});

test('what a datagram breaks off is not continued by the next one', () => {
  const { hear } = identifiedSession({}, 'udp');
  expect(counted(hear(V1.slice(0, 30)))).toEqual(['malformed']);
  const effects = hear(V1);
  expect([stored(effects)[0]?.type, counted(effects)]).toEqual(['sen:loc', []]);
});
