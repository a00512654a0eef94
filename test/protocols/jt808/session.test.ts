import { describe, expect, test } from 'vitest';
import { createDevice } from '../../../protocols/jt808/device.js';
import { MAX_FRAME_BYTES } from '../../../protocols/jt808/frames.js';
import { writeGbk } from '../../../protocols/jt808/gbk.js';
import { recordBody } from '../../../protocols/jt808/location.js';
import { oneFrame, terminalOf, words } from '../../../protocols/jt808/messages.js';
import { MAX_PARTS, PARTS_WITHIN } from '../../../protocols/jt808/parts.js';
import { confirmed, counted, identified, stored } from '../outcomes.js';
import { identifiedSession, NOW, newSession, PHONE, said } from './conversation-with-a-server.js';

const TIME = Date.UTC(2026, 2, 1, 8, 30, 15);
const PLACE = { time: TIME, lat: 31.230416, lon: 121.473701, spd: 42, alt: 12 };
const BEIJING = 8 * 60;

describe('identification', () => {
  test('is by the phone number of any message, without zeros before it', () => {
    const device = createDevice();
    device.identify(`jt808:${PHONE}`);
    expect(newSession().receive(device.location(PLACE), NOW)).toEqual([{ do: 'identify', ident: `jt808:${PHONE}` }]);
  });

  test('holds the message back, and all behind it, until the outcome is told', () => {
    const session = newSession();
    const device = createDevice();
    device.identify(`jt808:${PHONE}`);
    const location = device.location(PLACE);
    session.receive(Buffer.concat([location, location]), NOW);
    const effects = session.tell({ tell: 'identified', ...identified }, NOW);
    expect(stored(effects).filter(({ type }) => type === 'sen:loc')).toHaveLength(2);
  });

  test('that is refused is answered as wrong, a registration by its own result, and nothing is stored', () => {
    const session = newSession();
    const device = createDevice();
    session.receive(device.identify(`jt808:${PHONE}`), NOW);
    expect(said(session.tell({ tell: 'refused', why: 'not known' }, NOW))).toEqual(['8001 0000010202']);
    session.receive(device.message(0x0100, Buffer.alloc(37)), NOW);
    expect(said(session.tell({ tell: 'refused', why: 'not known' }, NOW))).toEqual(['8100 000104']);
    session.receive(device.location(PLACE), NOW);
    const effects = session.tell({ tell: 'refused', why: 'not known' }, NOW);
    expect([said(effects), stored(effects)]).toEqual([['8001 0002020002'], []]);
  });

  test('is followed by settings, commands, and the question for parameters where none is known', () => {
    const { greeting } = identifiedSession({
      pendingSettings: [{ name: 'param:0029', value: '30' }],
      pendingCommands: [{ id: 'a', text: 'FUEL' }],
      hasSettings: false,
    });
    expect(said(greeting)).toEqual(['8001 0000010200', '8103 010000002904' + '0000001e', '8300 014655454c', '8104 ']);
  });
});

describe('a location', () => {
  test('is answered when it is durable, and dated by Beijing’s clock unless another offset is told', () => {
    for (const [clockOffset, offset] of [
      [null, BEIJING],
      [0, 0],
      [-210, -210],
    ] as const) {
      const { device, hear } = identifiedSession({ clockOffset });
      const effects = hear(device.message(0x0200, recordBody(PLACE, offset)));
      expect(stored(effects)[0]).toEqual({
        type: 'sen:loc',
        time: TIME,
        data: '{"lat":31.230416,"lon":121.473701,"spd":42,"alt":12,"head":0,"valid":true}',
        listed: null,
      });
      expect(said(effects)).toEqual(['when durable: 8001 0001020000']);
    }
  });

  test('of an earlier round of GPS weeks is dated as it was meant, and counted', () => {
    const { device, hear } = identifiedSession();
    const effects = hear(device.location({ ...PLACE, time: TIME - 1_024 * 7 * 86_400_000 }));
    expect(stored(effects)[0]?.time).toBe(TIME);
    expect(counted(effects)).toEqual(['week_rollover']);
  });

  test('that was kept is the same reading as the one that was not, and marked beside it', () => {
    const { device, hear } = identifiedSession();
    const live = stored(hear(device.location(PLACE)));
    const kept = stored(hear(device.batch([PLACE])));
    expect(kept.filter(({ type }) => type !== 'sen:buffered')).toEqual(live);
    expect(kept).toContainEqual({ type: 'sen:buffered', time: TIME, data: 'true', listed: null });
  });

  test('is refused where it is too short, encrypted or of another length than it says, and kept', () => {
    const { device, hear } = identifiedSession();
    const terminal = terminalOf(PHONE, null);
    const body = recordBody(PLACE, BEIJING);
    const encrypted = oneFrame(0x0200, terminal, 9, body);
    const longer = Buffer.from(encrypted);
    // The bits of the encryption and of the length, and the check byte with them.
    encrypted[3] = (encrypted[3] ?? 0) ^ 0x04;
    encrypted[encrypted.length - 2] = (encrypted.at(-2) ?? 0) ^ 0x04;
    longer[4] = (longer[4] ?? 0) ^ 0x01;
    longer[longer.length - 2] = (longer.at(-2) ?? 0) ^ 0x01;
    for (const bytes of [device.message(0x0200, body.subarray(1)), encrypted, longer]) {
      const effects = hear(bytes);
      expect(stored(effects).map(({ type }) => type)).toEqual(['_invalid']);
      expect(said(effects)[0]).toMatch(/^when durable: 8001 ....020002$/);
      expect(counted(effects)).toEqual(['malformed']);
    }
  });

  test('whose check byte is wrong gets no answer', () => {
    const { device, hear } = identifiedSession();
    const bytes = Buffer.from(device.location(PLACE));
    bytes[bytes.length - 2] = (bytes.at(-2) ?? 0) ^ 0x01;
    expect(hear(bytes)).toEqual([expect.objectContaining({ do: 'count', what: 'malformed' })]);
  });
});

describe('sub-packages', () => {
  const terminal = terminalOf(PHONE, null);
  const part = (number: number, total: number, serial: number) =>
    oneFrame(0x0900, terminal, serial, Buffer.of(number), { number, total });

  test('are put together in whatever order they come, and each is answered', () => {
    const { hear } = identifiedSession();
    expect(hear(part(3, 3, 12))).toEqual([]);
    expect(hear(part(1, 3, 10))).toEqual([]);
    expect(hear(part(1, 3, 10))).toEqual([]);
    const effects = hear(part(2, 3, 11));
    expect(stored(effects).map(({ type, data }) => [type, data])).toEqual([['raw:0900', '{"hex":"010203"}']]);
    expect(said(effects)).toEqual([
      'when durable: 8001 000a090003',
      'when durable: 8001 000b090003',
      'when durable: 8001 000c090003',
    ]);
  });

  test('that come too late, or are too many, are counted', () => {
    const { session, hear } = identifiedSession();
    hear(part(1, 2, 10));
    const late = session.receive(part(2, 2, 11), NOW + PARTS_WITHIN);
    expect([counted(late), stored(late)]).toEqual([['malformed'], []]);
    expect(counted(hear(part(1, MAX_PARTS + 1, 20)))).toContain('malformed');
    for (let n = 0; n < 5; n++) session.receive(part(1, 2, 100 + 10 * n), NOW + PARTS_WITHIN);
    expect(counted(session.receive(part(1, 2, 200), NOW + PARTS_WITHIN))).toEqual(['malformed']);
  });
});

describe('what a terminal answers', () => {
  const commands = [
    { id: 'a', text: 'say hello' },
    { id: 'b', text: 'control 4 now' },
  ];

  test('ends the command of that number, with its result where it is not ok', () => {
    const { device, hear, greeting } = identifiedSession({ pendingCommands: commands });
    expect(said(greeting).slice(1)).toEqual([`8300 01${Buffer.from('say hello').toString('hex')}`, '8105 046e6f77']);
    const done = (serial: number, id: number, result: number) =>
      hear(device.message(0x0001, Buffer.concat([words(serial, id), Buffer.of(result)])));
    expect(confirmed(done(1, 0x8300, 0))).toEqual([{ kind: 'commandDone', id: 'a', response: null }]);
    expect(confirmed(done(2, 0x8105, 1))).toEqual([{ kind: 'commandDone', id: 'b', response: 'failed' }]);
    expect(counted(done(2, 0x8105, 0))).toEqual(['unknown_command']);
  });

  test('acknowledges, forgets or leaves a setting', () => {
    const settings = ['param:0001', 'param:0002', 'param:0003'].map((name) => ({ name, value: '9' }));
    const { device, hear } = identifiedSession({ pendingSettings: settings });
    const answer = (serial: number, result: number) =>
      hear(device.message(0x0001, Buffer.concat([words(serial, 0x8103), Buffer.of(result)])));
    expect(confirmed(answer(1, 0))).toEqual([{ kind: 'settingReported', name: 'param:0001', value: '9' }]);
    expect(confirmed(answer(2, 3))).toEqual([{ kind: 'settingUnknown', name: 'param:0002' }]);
    expect([confirmed(answer(3, 2)), counted(answer(3, 2))]).toEqual([[], ['unknown_command']]);
  });

  test('is what the simulated device says of all of it', () => {
    const { session, device, hear } = identifiedSession();
    const told = session.tell({ tell: 'settings', settings: [{ name: 'param:0055', value: '90' }] }, NOW);
    const asked = session.tell({ tell: 'commands', commands: [{ id: 'c', text: 'reboot' }] }, NOW);
    const heard = [...told, ...asked].flatMap((effect) => (effect.do === 'answer' ? device.receive(effect.bytes) : []));
    expect(heard).toEqual([
      { event: 'setting', name: 'param:0055', value: '90' },
      { event: 'command', id: expect.any(String), text: 'reboot' },
    ]);
    const [, command] = heard;
    const id = command?.event === 'command' ? command.id : '';
    expect(confirmed(hear(device.settingReported('param:0055', '90')))).toEqual([
      { kind: 'settingReported', name: 'param:0055', value: '90' },
    ]);
    expect(confirmed(hear(device.commandDone(id, null)))).toEqual([{ kind: 'commandDone', id: 'c', response: null }]);
  });
});

test('a terminal is answered in the version in which it spoke', () => {
  const { device, hear } = identifiedSession({}, 1);
  const [answer] = hear(device.location(PLACE)).filter((effect) => effect.do === 'answer');
  expect(Buffer.from(answer?.bytes ?? []).toString('hex', 3, 16)).toBe('40050100000000013800001000');
});

test('text goes out in GBK and comes in as it', () => {
  const { greeting } = identifiedSession({ pendingCommands: [{ id: 'a', text: '停车' }] });
  expect(said(greeting)[1]).toBe(`8300 01${writeGbk('停车').toString('hex')}`);
  expect(writeGbk('停车').toString('hex')).toBe('cda3b3b5');
  expect(writeGbk('a☃').toString()).toBe('a?');
});

test('a frame over the limit closes the connection, and nothing behind it is taken', () => {
  const { session, device } = identifiedSession();
  const effects = session.receive(Buffer.alloc(MAX_FRAME_BYTES + 2, 0x41), NOW);
  expect(effects.map((effect) => effect.do)).toEqual(['count', 'close']);
  expect(session.receive(device.location(PLACE), NOW)).toEqual([]);
});
