import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseSyncConfig } from '../../src/sync/config.js';

const example = readFileSync(new URL('../../deploy/sync.example.yaml', import.meta.url), 'utf8');
const parsed = (text: string) => parseSyncConfig(text, '/etc/m2mp/sync.yaml');

it('the example is valid, with what it says as a comment as well', () => {
  const config = parsed(example);
  expect(config).toMatchObject({ state: '/etc/m2mp/sync', interval: 10_000, overlap: 60_000, batch: 500 });
  expect(config.own).toEqual({
    prefix: 'm2mp',
    nsqd: ['127.0.0.1:4150'],
    nsqlookupd: [],
    sweep: 3_600_000,
    readings: ['sen:loc'],
  });
  expect(config.pairs[0]).toMatchObject({ table: 'fleet.vehicles', timestampField: 'updated', timestampUnit: 'ms' });
  expect(config.pairs[0]?.columns).toContainEqual({ column: 'mileage_km', field: 'mileage.km', type: 'double' });
  expect(parsed(example.replaceAll(/^( *)# (username|password|ca|tls): /gm, '$1$2: ')).search.username).toBe('sync');
});

it('an entry that is wrong is named with its value', () => {
  const wrong = (from: string, to: string) => () => parsed(example.replace(from, to));
  expect(wrong('interval: 10', 'interval: soon')).toThrow('/etc/m2mp/sync.yaml: interval: "soon" is not valid');
  expect(wrong('type: int }', 'type: integer }')).toThrow('pairs.0.columns.seats.type: "integer" is not valid');
  expect(wrong('interval: 10', 'intervall: 10')).toThrow('intervall');
  expect(wrong('field: mileage.km, ', 'field: plate, ')).toThrow('two columns have the field plate');
  expect(wrong('- name: vehicles', '- name: "../x"')).toThrow('pairs.0.name: "../x" is not valid');
  expect(() => parsed('a: [')).toThrow('/etc/m2mp/sync.yaml: not YAML');
});
