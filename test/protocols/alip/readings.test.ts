import { expect, test } from 'vitest';
import { counted, stored } from '../outcomes.js';
import { identifiedServer, said } from './conversation-with-a-server.js';

const TIME = 1_700_000_000_000;

test.each([
  ['D T 21.5', 'sen:temp', '"21.5"'],
  ['D V 12', 'sen:volt', '"12"'],
  ['D D open', 'sen:door', '"open"'],
  ['D F 50', 'sen:fuel', '"50"'],
  ['D E on', 'sen:engine', '"on"'],
  ['D A3 512', 'sen:adc:3', '"512"'],
  ['D DI12 1', 'sen:gpio:12', '"1"'],
  ['D SMS hello  you', 'sen:sms_received', '"hello  you"'],
  ['D VER 1.2', 'sen:version', '"1.2"'],
  ['D app:anything 1 2', 'app:anything', '"1 2"'],
  ['D A a', 'A', '"a"'],
  ['D note ', 'note', '""'],
  ['D note say "no"\\', 'note', '"say \\"no\\"\\\\"'],
])('%s is stored as %s', (line, type, data) => {
  expect(stored(identifiedServer().hear(line))).toEqual([{ type, time: null, data, listed: null }]);
});

test('a listed sensor is marked by its name', () => {
  expect(stored(identifiedServer().hear('E 1700000000 LS:cellar 8'))).toEqual([
    { type: 'lsen:cellar', time: TIME, data: '"8"', listed: 'cellar' },
  ]);
});

test.each([
  ['E 1700000000 L 48.8566,2.3522', '{"lat":48.8566,"lon":2.3522}'],
  ['E 1700000000 L 48.8566,2.3522,50', '{"lat":48.8566,"lon":2.3522,"spd":50}'],
  ['E 1700000000 L +90,-180,0.5,-430', '{"lat":90,"lon":-180,"spd":0.5,"alt":-430}'],
  ['E 1700000000 L 1,2,,35', '{"lat":1,"lon":2,"alt":35}'],
  ['E 1700000000 L 0', '{"sat":0}'],
  ['D G 1700000000,1,2,3,4', '{"lat":1,"lon":2,"spd":3,"alt":4}'],
  ['E 1600000000 G 1700000000,1,2', '{"lat":1,"lon":2}'],
])('%s is the location %s', (line, data) => {
  expect(stored(identifiedServer().hear(line))).toEqual([{ type: 'sen:loc', time: TIME, data, listed: null }]);
});

test.each([
  ['D L 90.01,2', 'invalid_location', 'Invalid latitude: 90.01,'],
  ['D L 48,-180.01', 'invalid_location', 'Invalid longitude: -180.01,'],
  ['D L ,2', 'invalid_location', 'Invalid latitude: ,'],
  ['D L NaN,2', 'invalid_location', 'Invalid latitude: NaN,'],
  ['D L 0x10,2', 'invalid_location', 'Invalid latitude: 0x10,'],
  ['D L 1e1,2', 'invalid_location', 'Invalid latitude: 1e1,'],
  ['D L 1,2,fast', 'invalid_location', 'Invalid speed: fast,'],
  ['D L 1,2,3,4,5', 'invalid_location', 'Invalid location: 1,2,3,4,5,'],
  ['D L 256', 'invalid_location', 'Invalid satellites: 256,'],
  ['D L 1.5', 'invalid_location', 'Invalid satellites: 1.5,'],
  ['D G 1700000000', 'invalid_location', 'Invalid location: 1700000000,'],
  ['D G soon,1,2', 'invalid_time', 'Invalid time: soon,'],
  ['E 1 T 21', 'invalid_time', 'Invalid time: 1,'],
  ['E  T 21', 'invalid_time', 'Invalid time: ,'],
  ['D _server x', 'bad_request', 'Invalid type: _server,'],
  ['J 1700000000 _server 1', 'bad_request', 'Invalid type: _server,'],
  ['J 1700000000 x {', 'malformed', 'Invalid JSON: {,'],
  ['J 1 x {}', 'invalid_time', 'Invalid time: 1,'],
  ['D', 'bad_request', 'Missing content: ,'],
  ['D  21', 'bad_request', 'Missing type'],
  [`D ${'t'.repeat(256)} 21`, 'bad_request', 'Invalid type: tttt'],
  [`D ${'é'.repeat(128)} 21`, 'bad_request', 'Invalid type: éééé'],
  [`D LS:${'s'.repeat(251)} 21`, 'bad_request', 'Invalid type: LS:ssss'],
])('%s is refused, counted as %s, and nothing is stored', (line, oddity, why) => {
  const effects = identifiedServer().hear(line);
  expect(stored(effects)).toEqual([]);
  expect(counted(effects)).toEqual([oddity]);
  expect(said(effects)).toHaveLength(1);
  expect(said(effects)[0]).toContain(`ERR ${why}`);
});

test('a type of 255 bytes is stored', () => {
  const type = 't'.repeat(255);
  expect(stored(identifiedServer().hear(`D ${type} 21`))[0]?.type).toBe(type);
});

test('JSON is kept as it was written', () => {
  const data = '{"big": 12345678901234567890, "exact": 1.10}';
  expect(stored(identifiedServer().hear(`J 1700000000 app:x ${data}`))).toEqual([
    { type: 'app:x', time: TIME, data, listed: null },
  ]);
});

test('content that is not UTF-8 is kept as hex, and a type that is not is refused', () => {
  const { session } = identifiedServer();
  const line = (...parts: (string | number[])[]) =>
    Buffer.concat([...parts.map((part) => Buffer.from(part as string)), Buffer.from('\n')]);
  expect(stored(session.receive(line('D note a', [0xff, 0xc3]), TIME))).toEqual([
    { type: 'note', time: null, data: '{"hex":"61ffc3"}', listed: null },
  ]);
  expect(counted(session.receive(line('D ', [0xff], ' a'), TIME))).toEqual(['bad_request']);
  expect(said(session.receive(line('D echo ', [0xff]), TIME))).toEqual(['ERR Invalid content: it is not UTF-8']);
});

test('an echo comes back and is not stored', () => {
  const effects = identifiedServer().hear('D echo hello  you');
  expect(said(effects)).toEqual(['D echo hello  you']);
  expect(stored(effects)).toEqual([]);
});
