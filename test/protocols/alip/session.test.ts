import { expect, test } from 'vitest';
import { MAX_LINE_BYTES, MAX_WAITING_BYTES } from '../../../protocols/alip/lines.js';
import { counted, identified, stored } from '../outcomes.js';
import { identifiedServer, NOW, newServer, said } from './conversation-with-a-server.js';

const IDENT = 'ID imei:123456789012345';
const COMMANDS = [
  { id: '11111111-1111-4111-8111-111111111111', text: 'reboot' },
  { id: '22222222-2222-4222-8222-222222222222', text: 'say\nhello' },
];

test.each(['abc:1234', 'imei:12345678901234567890', 'a1b2c3d:aZ09'])('%s is an ident', (ident) => {
  expect(newServer().hear(`ID ${ident}`)).toEqual([{ do: 'identify', ident }]);
});

test.each([
  '',
  'imei',
  'im:1234',
  'abcdefgh:1234',
  'imei:123',
  `imei:${'1'.repeat(21)}`,
  'Imei:1234',
  'imei:12 34',
  'imei:12é4',
  '1mei:1234',
])('%j is none, and may be followed by another', (ident) => {
  const server = newServer();
  const effects = server.hear(`ID ${ident}`);
  expect(said(effects)).toEqual(['ID 0']);
  expect(counted(effects)).toEqual(['bad_request']);
  expect(server.hear(IDENT)).toEqual([{ do: 'identify', ident: 'imei:123456789012345' }]);
});

test('what follows an identification waits for its outcome', () => {
  const { session, hear } = newServer();
  expect(hear(IDENT, 'D T 21', 'A 1')).toEqual([{ do: 'identify', ident: 'imei:123456789012345' }]);
  const effects = session.tell({ tell: 'refused', why: 'not known' }, NOW);
  expect(said(effects)).toEqual(['ID 0', 'ERR You must be identified !', 'ERR You must be identified !']);
  expect(stored(effects)).toEqual([]);
});

test('after the identification come the settings, the commands, and the question for settings', () => {
  const { session, hear } = newServer();
  hear(IDENT);
  const effects = session.tell(
    {
      tell: 'identified',
      ...identified,
      pendingSettings: [{ name: 'period', value: '60' }],
      pendingCommands: COMMANDS,
      capabilitiesKnown: false,
      hasSettings: false,
    },
    NOW,
  );
  expect(said(effects)).toEqual(['ID 1', 'S S period 60', 'C 1 reboot', 'C 2 say\\nhello', 'S GA']);
});

test.each(['D T 21', 'E 1700000000 T 21', 'J 1700000000 x 1', 'A 1', 'S G', 'C L', 'F S', 'DB ID', 'DB LAST', 'HELLO'])(
  '%s needs an identification',
  (line) => {
    const effects = newServer().hear(line);
    expect(said(effects)).toEqual(['ERR You must be identified !']);
    expect(counted(effects)).toEqual(['unidentified']);
  },
);

test.each([
  ['T', ['T 1700000000']],
  ['B 1', []],
  ['DB SOURCE', ['DB SOURCE 192.0.2.1:4711 7']],
  ['DB CONNECTED', ['DB CONNECTED 90']],
  ['DB VERSION', ['DB VERSION 1.2.3']],
  ['QUIT', ['when durable: QUIT bye !']],
])('%s needs none', (line, answers) => {
  expect(newServer().answers(line)).toEqual(answers);
});

test('a second identification is refused', () => {
  expect(identifiedServer().answers(IDENT)).toEqual(['ERR You already identified !']);
});

test('a barrier is answered when what came before it is durable, and nothing else waits', () => {
  expect(identifiedServer().answers('D T 21', 'A 7', 'T', 'A x y')).toEqual([
    'when durable: B 7',
    'T 1700000000',
    'when durable: B x y',
  ]);
});

test.each(['A', 'A ', `A ${'1'.repeat(65)}`])('%j is no barrier', (line) => {
  expect(identifiedServer().answers(line)[0]).toMatch(/^ERR Invalid number: /);
});

test('a device that quits is heard no more', () => {
  const server = identifiedServer();
  expect(server.hear('QUIT', 'D T 21').map((effect) => effect.do)).toEqual(['answer', 'close']);
  expect(server.hear('D T 21')).toEqual([]);
  expect(server.session.tell({ tell: 'askAlive' }, NOW)).toEqual([]);
});

test.each([
  ['S A period 60', { kind: 'settingReported', name: 'period', value: '60' }],
  ['S S name the red van', { kind: 'settingReported', name: 'name', value: 'the red van' }],
  ['S A note', { kind: 'settingReported', name: 'note', value: '' }],
  ['S A note ', { kind: 'settingReported', name: 'note', value: '' }],
  ['S U colour', { kind: 'settingUnknown', name: 'colour' }],
])('%s is a confirmation, without an answer', (line, what) => {
  expect(identifiedServer().hear(line)).toEqual([{ do: 'confirm', what }]);
});

test.each([
  ['S', 'ERR Unknown request: S ,'],
  ['S X', 'ERR Unknown request: S X,'],
  ['S A', 'ERR Missing setting'],
  ['S U', 'ERR Missing setting'],
  [`S S ${'n'.repeat(256)} 1`, 'ERR Invalid setting: nnnn'],
  ['C', 'ERR Unknown request: C ,'],
  ['C A', 'ERR Unknown command: ,'],
  ['C A 1', 'ERR Unknown command: 1,'],
  ['F', 'ERR Unknown request: F ,'],
  ['F N', 'ERR Missing file name'],
  ['DB', 'ERR Unknown request: DB ,'],
  ['DB LAST x', 'ERR Invalid number: x,'],
  ['DB LOGLEVEL 7', 'ERR Invalid log level: 7,'],
  ['DB SET_SETTING a b', 'ERR Debugging is off'],
  ['DB ADD_COMMAND a', 'ERR Debugging is off'],
  ['d T 21', 'ERR Unknown request: d,'],
])('%j is refused: %s', (line, why) => {
  const effects = identifiedServer().hear(line);
  expect(said(effects)[0]).toContain(why);
  expect(effects.map((effect) => effect.do)).toEqual(['count', 'answer']);
});

test.each([
  ['S G', { ask: 'pendingSettings' }],
  ['S GA', { ask: 'allSettings' }],
  ['S G period', { ask: 'setting', name: 'period' }],
  ['C L', { ask: 'pendingCommands' }],
  ['F N app 1.2', { ask: 'file', name: 'app 1.2' }],
  ['DB LAST', { ask: 'lastReadings', count: 10 }],
  ['DB LAST 1000', { ask: 'lastReadings', count: 1_000 }],
  ['DB LOGLEVEL', { ask: 'logLevel', level: null }],
  ['DB LOGLEVEL 5', { ask: 'logLevel', level: 'debug' }],
  ['DB SET_SETTING period 6 0', { ask: 'setSetting', name: 'period', value: '6 0' }],
  ['DB ADD_COMMAND say hello', { ask: 'addCommand', text: 'say hello' }],
])('%s asks, and what follows waits for the answer', (line, question) => {
  const server = identifiedServer({ debug: true });
  expect(server.hear(line, 'T')).toEqual([{ do: 'ask', question }]);
  const refused = server.session.tell({ tell: 'answered', answer: { to: 'refused', why: 'it is so' } }, NOW);
  expect(said(refused)).toEqual(['ERR it is so', 'T 1700000000']);
});

test('a setting is pushed once in 40 s, and said whenever it is asked for', () => {
  const { session, hear } = identifiedServer();
  const settings = [{ name: 'period', value: '60' }];
  const push = (at: number) => said(session.tell({ tell: 'settings', settings }, at));
  expect(push(NOW)).toEqual(['S S period 60']);
  expect(push(NOW + 39_999)).toEqual([]);
  hear('S G');
  const asked = session.tell({ tell: 'answered', answer: { to: 'pendingSettings', settings } }, NOW + 39_999);
  expect(said(asked)).toEqual(['S S period 60']);
  expect(push(NOW + 40_000)).toEqual([]);
  expect(push(NOW + 79_999)).toEqual(['S S period 60']);
});

test('a setting of another value is pushed at once', () => {
  const { session } = identifiedServer();
  session.tell({ tell: 'settings', settings: [{ name: 'period', value: '60' }] }, NOW);
  const effects = session.tell({ tell: 'settings', settings: [{ name: 'period', value: '90' }] }, NOW + 1);
  expect(said(effects)).toEqual(['S S period 90']);
});

test('a setting whose name cannot be said is counted', () => {
  const { session } = identifiedServer();
  const effects = session.tell({ tell: 'settings', settings: [{ name: 'two words', value: '1' }] }, NOW);
  expect(said(effects)).toEqual([]);
  expect(counted(effects)).toEqual(['malformed']);
});

test('a value of several lines is acknowledged by what went over the wire', () => {
  const { session, hear } = identifiedServer();
  session.tell({ tell: 'settings', settings: [{ name: 'text', value: 'a\r\nb' }] }, NOW);
  expect(hear('S A text a\\nb')).toEqual([
    { do: 'confirm', what: { kind: 'settingReported', name: 'text', value: 'a\r\nb' } },
  ]);
});

test('a command keeps its number, and is done under it', () => {
  const { session, hear } = identifiedServer();
  expect(said(session.tell({ tell: 'commands', commands: COMMANDS }, NOW))).toEqual(['C 1 reboot', 'C 2 say\\nhello']);
  expect(said(session.tell({ tell: 'commands', commands: COMMANDS.slice(1) }, NOW))).toEqual(['C 2 say\\nhello']);
  expect(hear('C A 2 hello to you', 'C A 1', 'C A 1 ')).toEqual([
    { do: 'confirm', what: { kind: 'commandDone', id: COMMANDS[1]?.id, response: 'hello to you' } },
    { do: 'confirm', what: { kind: 'commandDone', id: COMMANDS[0]?.id, response: null } },
    { do: 'confirm', what: { kind: 'commandDone', id: COMMANDS[0]?.id, response: null } },
  ]);
  expect(counted(hear('C A 3'))).toEqual(['unknown_command']);
});

test('a file is selected, measured and read in pieces', () => {
  const { session, hear } = identifiedServer();
  const answer = (answer: Parameters<typeof session.tell>[0]) => said(session.tell(answer, NOW));
  hear('F N app');
  expect(answer({ tell: 'answered', answer: { to: 'file', size: 6 } })).toEqual(['F N 1']);
  expect(said(hear('F S'))).toEqual(['F S 6']);
  expect(hear('F G 4 65536')).toEqual([
    { do: 'ask', question: { ask: 'piece', name: 'app', offset: 4, size: 65_536 } },
  ]);
  expect(answer({ tell: 'answered', answer: { to: 'piece', bytes: Buffer.from([4, 255]) } })).toEqual(['F G 4 04ff']);
  expect(said(hear('F G 6 1'))).toEqual(['ERR Invalid offset: 6, the file ends at 6']);
  hear('F N other');
  expect(answer({ tell: 'answered', answer: { to: 'file', size: null } })).toEqual(['F N 0']);
  expect(said(hear('F S'))).toEqual(['ERR No file selected, expected F N <name> before']);
});

test('the last readings stand between two lines', () => {
  const { session, hear } = identifiedServer();
  hear('DB LAST 2');
  const readings = [{ time: NOW, type: 'sen:temp', data: '"21"' }];
  const effects = session.tell({ tell: 'answered', answer: { to: 'lastReadings', readings } }, NOW);
  expect(said(effects)).toEqual(['BEGIN LAST', '2023-11-14T22:13:20.000Z, sen:temp, "21"', 'END']);
});

test('the gateway asks whether the device is there, and says good-bye', () => {
  const { session } = identifiedServer();
  expect(said(session.tell({ tell: 'askAlive' }, NOW))).toEqual(['A 1']);
  expect(said(session.tell({ tell: 'closing', why: 'the server\nstops' }, NOW))).toEqual(['QUIT the server\\nstops']);
});

test('a line of 64 KiB is taken, a longer one ends the connection, whole or not', () => {
  const longest = `D note ${'x'.repeat(MAX_LINE_BYTES - 7)}`;
  expect(stored(identifiedServer().hear(longest))).toHaveLength(1);
  expect(stored(identifiedServer().hear(`${longest}\r`))).toHaveLength(1);
  for (const bytes of [`${longest}x\n`, `${longest}xx`, `${longest}x\r\n`]) {
    const { session } = identifiedServer();
    const effects = session.receive(Buffer.from(bytes), NOW);
    expect(said(effects)).toEqual(['ERR Line too long !']);
    expect(effects.map((effect) => effect.do)).toEqual(['count', 'answer', 'close']);
    expect(session.receive(Buffer.from('T\n'), NOW)).toEqual([]);
  }
});

test('more than can wait for an outcome ends the connection', () => {
  const { session, hear } = newServer();
  hear(IDENT);
  session.receive(Buffer.alloc(MAX_WAITING_BYTES, 'B 1\n'), NOW);
  const effects = session.receive(Buffer.from('B 1\n'), NOW);
  expect(effects.map((effect) => effect.do)).toEqual(['count', 'close']);
});

test('a line that is not UTF-8 is refused where it is no reading', () => {
  const { session } = identifiedServer();
  expect(said(session.receive(Buffer.from('S S name \xff\n', 'latin1'), NOW))).toEqual([
    'ERR Invalid line: it is not UTF-8',
  ]);
});
