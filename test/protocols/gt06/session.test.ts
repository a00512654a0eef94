import { describe, expect, test } from 'vitest';
import { createDevice } from '../../../protocols/gt06/device.js';
import { MAX_FRAME_BYTES } from '../../../protocols/gt06/frames.js';
import { recordContent } from '../../../protocols/gt06/location.js';
import { encodedText, MAX_COMMAND_BYTES } from '../../../protocols/gt06/texts.js';
import { confirmed, counted, identified, stored } from '../outcomes.js';
import { IDENT, identifiedSession, NOW, newSession, said } from './conversation-with-a-server.js';

const TIME = Date.UTC(2026, 2, 1, 8, 30, 15);
const PLACE = { time: TIME, lat: 22.546053, lon: 114.025974, spd: 42 };
const COMMAND = { id: '019a0000-0000-7000-8000-00006f1c1c0e', text: 'RELAY,1#' };
const FLAG = 0x6f1c1c0e;
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

describe('packets of the maker’s document', () => {
  test('a login is answered as it says', () => {
    const session = newSession();
    const effects = session.receive(bytes('78780D01012345678901234500018CDD0D0A'), NOW);
    expect(effects).toEqual([{ do: 'identify', ident: 'imei:123456789012345' }]);
    const [answer] = session.tell({ tell: 'identified', ...identified }, NOW);
    expect(answer).toEqual({ do: 'answer', bytes: bytes('787805010001D9DC0D0A'), when: 'now' });
  });

  test('a location is read as it says', () => {
    const { hear } = identifiedSession();
    const effects = hear(bytes('78781F120B081D112E10CF027AC7EB0C46584900148F01CC00287D001FB8000380810D0A'));
    // Behind them stands that it comes late.
    expect(stored(effects).slice(0, 2)).toEqual([
      {
        type: 'sen:loc',
        time: Date.UTC(2011, 7, 29, 17, 46, 16),
        data: '{"lat":23.1116683,"lon":114.409285,"spd":0,"head":143,"sat":15,"valid":true}',
        listed: null,
      },
      expect.objectContaining({ type: 'sen:cell', data: '{"mcc":460,"mnc":0,"lac":10365,"cid":8120}' }),
    ]);
    expect(said(effects)).toEqual(['when durable: 12 3']);
  });

  test('an alarm is read as it says', () => {
    const { hear } = identifiedSession();
    const effects = hear(bytes('787825160B0B0F0E241DCF027AC8870C4657E60014020901CC00287D001F726506040101003656A40D0A'));
    const values = Object.fromEntries(stored(effects).map(({ type, data }) => [type, JSON.parse(data)]));
    expect(values).toMatchObject({
      'sen:loc': { lat: 23.111755, lon: 114.40923 },
      'sen:charging': true,
      'sen:gsm': 4,
      'sen:alarm': ['sos'],
    });
  });
});

describe('dates', () => {
  const login = (zone: number) => bytes(`0490154203237518 0001 ${zone.toString(16).padStart(4, '0')}`);
  const timeWith = (content: Buffer, clockOffset: number | null, ahead: number) => {
    const session = newSession();
    const device = createDevice();
    session.receive(device.packet(0x01, content), NOW);
    session.tell({ tell: 'identified', ...identified, clockOffset }, NOW);
    const place = recordContent({ ...PLACE, time: TIME + ahead * 60_000 });
    return stored(session.receive(device.packet(0x12, place), NOW))[0]?.time;
  };

  test('are of UTC, of the zone that the login tells, or of the offset that somebody configured', () => {
    expect(timeWith(login(0), null, 0)).toBe(TIME);
    expect(timeWith(login(800 << 4), null, 480)).toBe(TIME);
    expect(timeWith(login((330 << 4) | 8), null, -210)).toBe(TIME);
    expect(timeWith(login(800 << 4), 0, 0)).toBe(TIME);
    expect(timeWith(login(0), 480, 480)).toBe(TIME);
  });

  test('of no zone of the earth are of UTC', () => {
    expect(timeWith(login(0xfff0), null, 0)).toBe(TIME);
  });

  test('of an earlier round of GPS weeks are as they were meant, and counted', () => {
    const { device, hear } = identifiedSession();
    const effects = hear(device.location({ ...PLACE, time: TIME - 1_024 * 7 * 86_400_000 }));
    expect(stored(effects)[0]?.time).toBe(TIME);
    expect(counted(effects)).toEqual(['week_rollover']);
  });
});

test('a login that is refused is not answered, and the device may try again', () => {
  const session = newSession();
  const device = createDevice();
  session.receive(device.identify(IDENT), NOW);
  expect(session.tell({ tell: 'refused', why: 'not known' }, NOW)).toEqual([]);
  expect(counted(session.receive(device.location(PLACE), NOW))).toEqual(['unidentified']);
  expect(session.receive(device.identify(IDENT), NOW)).toEqual([{ do: 'identify', ident: IDENT }]);
});

test('a location that was buffered is the same reading as the one that was not, and marked beside it', () => {
  const { device, hear } = identifiedSession();
  const live = device.location(PLACE);
  const content = Buffer.from(live.subarray(4, live.length - 6));
  content[content.length - 1] = 1;
  const [first, again] = [stored(hear(live)), stored(hear(device.packet(0x22, content)))];
  expect(again.filter(({ type }) => type !== 'sen:buffered')).toEqual(first);
  expect(again).toContainEqual({ type: 'sen:buffered', time: TIME, data: 'true', listed: null });
});

describe('commands', () => {
  test('have the end of their UUID as flag, and are done by the text with it', () => {
    const { device, hear, greeting } = identifiedSession({ pendingCommands: [COMMAND] });
    expect(said(greeting)).toEqual(['01 1', `80 1 0c6f1c1c0e${Buffer.from('RELAY,1#').toString('hex')}0002`]);
    const effects = hear(device.packet(0x21, encodedText({ flag: FLAG, text: 'done' })));
    expect(confirmed(effects)).toEqual([{ kind: 'commandDone', id: COMMAND.id, response: 'done' }]);
    expect(counted(hear(device.packet(0x21, encodedText({ flag: FLAG, text: 'done' }))))).toEqual(['unknown_command']);
  });

  test('are done by the older form of the text too', () => {
    const { device, hear } = identifiedSession({ pendingCommands: [COMMAND] });
    const effects = hear(device.packet(0x15, bytes('06 6f1c1c0e 4f4b 0002')));
    expect(confirmed(effects)).toEqual([{ kind: 'commandDone', id: COMMAND.id, response: 'OK' }]);
  });

  test('are what the simulated device hears and answers', () => {
    const { session, device, hear } = identifiedSession();
    const [effect] = session.tell({ tell: 'commands', commands: [COMMAND] }, NOW);
    const [heard] = effect?.do === 'answer' ? device.receive(effect.bytes) : [];
    expect(heard).toEqual({ event: 'command', id: String(FLAG), text: COMMAND.text });
    expect(confirmed(hear(device.commandDone(String(FLAG), 'Erfolg!')))).toEqual([
      { kind: 'commandDone', id: COMMAND.id, response: 'Erfolg!' },
    ]);
  });

  test('that the device could not read are not sent, and counted', () => {
    const texts = ['断油电#', 'x'.repeat(MAX_COMMAND_BYTES + 1)];
    const { session } = identifiedSession();
    for (const text of texts) {
      const effects = session.tell({ tell: 'commands', commands: [{ ...COMMAND, text }] }, NOW);
      expect([said(effects), counted(effects)]).toEqual([[], ['malformed']]);
    }
    const longest = session.tell({ tell: 'commands', commands: [{ ...COMMAND, text: texts[1]?.slice(1) ?? '' }] }, NOW);
    expect(said(longest)).toHaveLength(1);
  });
});

test('bytes that are no frame cost no more than what is up to the next end', () => {
  const { device, hear } = identifiedSession();
  const broken = Buffer.from(device.packet(0x13, bytes('4206040002')));
  broken[2] = 0x09;
  const effects = hear(Buffer.concat([Buffer.from('AT\r\n'), broken, device.packet(0x13, bytes('4206040002'))]));
  expect(counted(effects)).toEqual(['malformed', 'malformed']);
  expect(said(effects)).toEqual(['13 3']);
});

test('what has no end within the limit closes the connection', () => {
  const { session, device } = identifiedSession();
  expect(session.receive(Buffer.alloc(MAX_FRAME_BYTES, 0x41), NOW)).toEqual([]);
  const effects = session.receive(Buffer.alloc(1, 0x41), NOW);
  expect(effects.map((effect) => effect.do)).toEqual(['count', 'close']);
  expect(session.receive(device.location(PLACE), NOW)).toEqual([]);
});
