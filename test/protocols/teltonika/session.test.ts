import { describe, expect, it } from 'vitest';
import { COMMAND_PATIENCE, MAX_WAITING_COMMANDS } from '../../../protocols/teltonika/commands.js';
import { packet } from '../../../protocols/teltonika/frames.js';
import { CODEC, type IoValue, recordsContent } from '../../../protocols/teltonika/records.js';
import { TEXT, textContent } from '../../../protocols/teltonika/texts.js';
import { counted, stored } from '../outcomes.js';
import { accept, answers, identifiedSession, NOW, newSession, packetOf, place } from './conversation-with-a-server.js';

const io = (id: number, hex: string): IoValue => ({ id, bytes: Buffer.from(hex, 'hex') });
/** What is stored of a record, by type. */
const storedOf = (record: Partial<typeof place>, now = NOW) =>
  new Map(
    stored(identifiedSession().receive(packetOf(CODEC.avlExtended, { ...place, ...record }), now)).map((one) => [
      one.type,
      JSON.parse(one.data),
    ]),
  );

describe('the answer to a packet', () => {
  it('is the number of its records, and leaves when they are durable', () => {
    const effects = identifiedSession().receive(packetOf(CODEC.avl, place, { ...place, time: NOW }), NOW);
    expect(answers(effects)).toEqual([{ hex: '00000002', when: 'durable' }]);
    expect(effects.map((effect) => effect.do)).toEqual(['store', 'store', 'answer']);
  });

  it.each([
    ['whose check sum is wrong', (bytes: Buffer) => bytes.writeUInt8(bytes.readUInt8(30) ^ 1, 30)],
    ['whose check sum is of more than two bytes', (bytes: Buffer) => bytes.writeUInt8(1, bytes.length - 4)],
  ])('is none for a packet %s, and nothing of it is stored', (_, spoil) => {
    const bytes = packetOf(CODEC.avl, place);
    spoil(bytes);
    const effects = identifiedSession().receive(bytes, NOW);
    expect(effects).toHaveLength(1);
    expect(counted(effects)).toEqual(['malformed']);
  });

  it.each([1, 3, 255])('is none where the counts say %d and there are two', (said) => {
    const content = recordsContent(CODEC.avl, [place, { ...place, time: NOW }]);
    content[1] = content[content.length - 1] = said;
    expect(counted(identifiedSession().receive(packet(content), NOW))).toEqual(['malformed']);
  });
});

describe('a record', () => {
  it('is a location with all that is known of it, at the time of the device', () => {
    const [location] = stored(
      identifiedSession().receive(packetOf(CODEC.avl, { ...place, values: [io(182, '0009')] }), NOW),
    );
    expect(location).toEqual({
      type: 'sen:loc',
      time: NOW - 1_000,
      data: '{"lat":54.7146368,"lon":25.3032016,"spd":34,"alt":111,"head":214,"sat":12,"hdop":0.9,"valid":true}',
      listed: null,
    });
  });

  it('without a fix is where the device was last, or nowhere', () => {
    expect(storedOf({ sat: 0 }).get('sen:loc')).toMatchObject({ lat: 54.7146368, valid: false });
    expect([...storedOf({ sat: 0, lat: 0, lon: 0 })]).toEqual([]);
    expect(storedOf({ lat: 0, lon: 0 }).get('sen:loc')).toEqual({ sat: 12, valid: false });
  });

  it('that comes long after its date was kept by the device', () => {
    expect(storedOf({ time: NOW - 599_000 }).has('sen:buffered')).toBe(false);
    expect(storedOf({ time: NOW - 600_000 }).get('sen:buffered')).toBe(true);
  });

  it('is the same reading when it is sent again later', () => {
    const bytes = packetOf(CODEC.avl, place);
    const first = stored(identifiedSession().receive(bytes, NOW));
    expect(stored(identifiedSession().receive(bytes, NOW + 86_400_000))).toEqual(expect.arrayContaining(first));
  });

  it('dated after the year 2100 is dated when it arrives', () => {
    const effects = identifiedSession().receive(packetOf(CODEC.avl, { ...place, time: 2 ** 50 }), NOW);
    expect(stored(effects)[0]).toMatchObject({ type: 'sen:loc', time: null });
    expect(counted(effects)).toEqual(['invalid_time']);
  });

  it('has its date put right by the offset of its clock', () => {
    const session = identifiedSession({ clockOffset: 60 });
    expect(stored(session.receive(packetOf(CODEC.avl, place), NOW))[0]).toMatchObject({ time: NOW - 3_601_000 });
  });
});

describe('inputs and outputs', () => {
  it.each([
    ['sen:ignition', 239, '01', true],
    ['sen:din:1', 1, '00', false],
    ['sen:power', 66, '3039', 12.345],
    ['sen:ain:2', 6, '0001', 0.001],
    ['sen:odometer', 16, 'ffffffff', 4_294_967_295],
    ['sen:temp:1', 72, 'ffffff38', -20],
    ['sen:pdop', 181, '000f', 1.5],
    ['sen:ibutton', 78, '0000011f71fb04cb', '0000011f71fb04cb'],
    ['sen:iccid:1', 11, '7fffffffffffffff', '9223372036854775807'],
    ['io:72', 72, '00000bb8', { value: 3_000, width: 4 }],
    ['io:17', 17, '001d', { value: 29, width: 2 }],
    ['io:9999', 9_999, 'ffffffffffffffff', { value: '18446744073709551615', width: 8 }],
    ['io:385', 385, '010203', { hex: '010203', width: 3 }],
    ['io:239', 239, '', { hex: '', width: 0 }],
  ])('%s is id %d, %s as %j', (type, id, hex, value) => {
    expect(storedOf({ values: [io(id, hex)] }).get(type)).toEqual(value);
  });

  it('of the network are one cell', () => {
    const values = [io(205, '1001'), io(206, '04b3'), io(241, '0000601a')];
    expect(storedOf({ values }).get('sen:cell')).toEqual({ mcc: 246, mnc: 2, lac: 1_203, cid: 4_097 });
    expect(storedOf({ values: values.slice(0, 1) }).get('sen:cell')).toEqual({ cid: 4_097 });
  });

  it('for which a record was made are told, with its priority', () => {
    expect(storedOf({ event: 239, priority: 2 }).get('sen:event')).toEqual({ io: 239, priority: 2 });
  });
});

describe('commands', () => {
  const command = (n: number) => ({ id: `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`, text: `do ${n}` });
  const said = (n: number) => [{ hex: packet(textContent(TEXT.command, `do ${n}`)).toString('hex'), when: 'now' }];
  const answer = (text: string) => packet(textContent(TEXT.answer, text));

  it('go out one at a time, and each answer is that of the one that is out', () => {
    const session = identifiedSession();
    expect(answers(session.tell({ tell: 'commands', commands: [command(1), command(2)] }, NOW))).toEqual(said(1));
    const effects = session.receive(answer('done 1'), NOW);
    expect(effects[0]).toEqual({ do: 'confirm', what: { kind: 'commandDone', id: command(1).id, response: 'done 1' } });
    expect(answers(effects)).toEqual(said(2));
  });

  it('that get no answer keep the others waiting for a while only', () => {
    const session = identifiedSession({ pendingCommands: [command(1), command(2)] });
    expect(answers(session.receive(Buffer.of(0xff), NOW))).toEqual([]);
    expect(answers(session.receive(packetOf(CODEC.avl, place), NOW + COMMAND_PATIENCE))).toContainEqual(said(2)[0]);
  });

  it('that are too many wait for the next connection, and are counted', () => {
    const commands = Array.from({ length: MAX_WAITING_COMMANDS + 1 }, (_, n) => command(n));
    expect(counted(identifiedSession().tell({ tell: 'commands', commands }, NOW))).toEqual(['malformed']);
  });

  it('of the device before are forgotten when another logs in', () => {
    const session = identifiedSession({ pendingCommands: [command(1)] });
    session.receive(Buffer.from('\u0000\u000f352093081429151', 'latin1'), NOW);
    accept(session);
    expect(counted(session.receive(answer('late'), NOW))).toEqual(['unknown_command']);
  });
});

it('a session that was closed by broken framing says and stores nothing more', () => {
  const session = newSession();
  expect(session.receive(Buffer.from('GET / HTTP/1.1'), NOW).map((effect) => effect.do)).toEqual(['count', 'close']);
  expect(session.receive(packetOf(CODEC.avl, place), NOW)).toEqual([]);
  expect(accept(session)).toEqual([]);
});
