import { expect, test } from 'vitest';
import { createDevice } from '../../../protocols/alip/device.js';
import { explain } from '../../../protocols/alip/explain.js';

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

test('a device says each of its lines', () => {
  const device = createDevice();
  expect(text(device.identify('imei:1234'))).toBe('ID imei:1234\n');
  expect(text(device.location({ time: 1_700_000_000_123, lat: 1.5, lon: -2 }))).toBe('E 1700000000123 L 1.5,-2\n');
  expect(text(device.location({ time: 1_700_000_000_000, lat: 1e-7, lon: 0, alt: 5 }))).toBe(
    'E 1700000000000 L 0.000000100000,0,,5\n',
  );
  expect(text(device.location({ time: 1_700_000_000_000, sat: 4 }))).toBe('E 1700000000000 L 4\n');
  expect(text(device.reading('sen:temp', '21\n5', null))).toBe('D sen:temp 21\\n5\n');
  expect(text(device.reading('lsen:cellar', '8', 0))).toBe('E 0000000000000 LS:cellar 8\n');
  expect(text(device.barrier(7))).toBe('A 7\n');
  expect(text(device.settingUnknown('colour'))).toBe('S U colour\n');
  expect(text(device.commandDone('3', null))).toBe('C A 3\n');
  expect(text(device.commandDone('3', 'done it'))).toBe('C A 3 done it\n');
  expect(text(device.aliveAnswer(9))).toBe('B 9\n');
  expect(device.status('cap', 'x')).toHaveLength(0);
});

test('a device acknowledges what it was told, and reports what it changed', () => {
  const device = createDevice();
  device.receive(Buffer.from('S S period 60\n'));
  expect(text(device.settingReported('period', '60'))).toBe('S A period 60\n');
  expect(text(device.settingReported('period', '60'))).toBe('S S period 60\n');
  device.receive(Buffer.from('S S period 60\n'));
  expect(text(device.settingReported('period', '90'))).toBe('S S period 90\n');
});

test('a device hears each of the server’s lines', () => {
  const lines = [
    'ID 1',
    'ID 0',
    'B 7',
    'A 9',
    'S S name the red van',
    'S S note',
    'S GA',
    'C 3 say hello',
    'QUIT bye !',
    'T 1',
  ];
  expect(createDevice().receive(Buffer.from(`${lines.join('\n')}\n`))).toEqual([
    { event: 'identified', accepted: true },
    { event: 'identified', accepted: false },
    { event: 'barrier', n: 7 },
    { event: 'aliveAsked', n: 9 },
    { event: 'setting', name: 'name', value: 'the red van' },
    { event: 'setting', name: 'note', value: '' },
    { event: 'settingsAsked' },
    { event: 'command', id: '3', text: 'say hello' },
    { event: 'closing', why: 'bye !' },
    { event: 'line', line: 'T 1' },
  ]);
});

test('each line is explained in words', () => {
  const told = (lines: string, direction: 'device' | 'server') =>
    explain(Buffer.from(lines), direction).map((line) => line.text);
  expect(
    told(
      'ID imei:1234\nE 1700000000 L 1,2\nD G 1700000000,1,2\nE 5 T 21\nA 7\nS A a b\nC A 1 done\nwhat\nD T',
      'device',
    ),
  ).toEqual([
    'identification as "imei:1234"',
    'a reading of 2023-11-14T22:13:20.000Z: sen:loc = {"lat":1,"lon":2}',
    'a reading, dated now: sen:loc of 2023-11-14T22:13:20.000Z = {"lat":1,"lon":2}',
    'a reading of the impossible time "5": sen:temp = "21"',
    'is all before this durable? 7',
    'acknowledges the setting a = "b"',
    'command 1 is done: "done"',
    'a line of no known form: "what"',
    'a line that is not whole',
  ]);
  expect(told('ID 1\nB 7\nS S a b\nC 1 go\nT 1700000000\nERR no\n\n', 'server')).toEqual([
    'identification accepted',
    'answer to 7: all before it is durable',
    'set the setting a = "b"',
    'run command 1: "go"',
    'it is 2023-11-14T22:13:20.000Z',
    'refused: no',
    'an empty line',
  ]);
});
