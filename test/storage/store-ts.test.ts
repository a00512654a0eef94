import { expect, it } from 'vitest';
import { formatUuid, parseUuid, uuidTime } from '../../src/series/time-uuid.js';
import { MAX_DATA, parseStoreTs } from '../../src/storage/store-ts.js';

const UUID = '0f1dd1a0-c5f8-11f0-8000-123456789abc';
const call = { _to: 'storage', _from: 'test', _call: 'store_ts', _time: 0, key: 'dev-1', type: 'sen:temp', data: 20 };
const parsed = (fields: Record<string, unknown>) => parseStoreTs({ ...call, date_uuid: UUID, ...fields });

it('takes a time UUID as it is, also where there is date_nano as well', () => {
  for (const fields of [{}, { date_nano: 1 }]) {
    const read = parsed(fields);
    if (typeof read === 'string') throw new Error(read);
    const { time } = read.reading;
    expect(time).toEqual(parseUuid(UUID));
    expect(time && typeof time !== 'number' && formatUuid(time)).toBe(UUID);
    expect(time && typeof time !== 'number' && uuidTime(time)).toBeGreaterThan(0);
  }
});

it('takes nanoseconds as a number or as its digits', () => {
  for (const date_nano of [1_763_640_000_123_000_000, '1763640000123456789'])
    expect(parsed({ date_uuid: undefined, date_nano })).toMatchObject({ reading: { time: 1_763_640_000_123 } });
  expect(parsed({ date_uuid: undefined, date_nano: '-1' })).toMatchObject({ reading: { time: -1 } });
});

it.each([
  [{ list: [1] }, '{"list":[1]}'],
  ['{"already": "JSON"}', '{"already": "JSON"}'],
  ['[1, 2]', '[1, 2]'],
  ['plain', '"plain"'],
  ['20', '"20"'],
  [20, '20'],
  [null, 'null'],
  [false, 'false'],
])('data %j is stored as %s', (data, text) => {
  expect(parsed({ data })).toMatchObject({ key: 'dev-1', reading: { type: 'sen:temp', data: text } });
});

it.each([
  [{ _call: 'store' }, 'Unknown call: "store", expected store_ts'],
  [{ key: 1 }, 'Invalid key: 1, expected a text'],
  [{ type: undefined }, 'Invalid type: undefined, expected a text'],
  [{ data: undefined }, 'There is no data'],
  [{ data: 'x'.repeat(MAX_DATA) }, `Invalid data: ${MAX_DATA + 2} characters, expected ${MAX_DATA} at the most`],
  [{ date_uuid: 'no' }, 'Invalid date_uuid: "no", expected a time UUID'],
  [{ date_uuid: '6d3c3aa8-9f83-4a2f-a57c-53d6a8a06bb3' }, 'expected a time UUID'],
  [{ date_uuid: undefined }, 'There is no date_uuid and no date_nano'],
  [{ date_uuid: undefined, date_nano: 'soon' }, 'Invalid date_nano: "soon", expected UNIX nanoseconds'],
  [{ date_uuid: undefined, date_nano: {} }, 'Invalid date_nano: {}, expected UNIX nanoseconds'],
])('says what is wrong with %j', (fields, why) => {
  expect(parsed(fields)).toContain(why);
});
