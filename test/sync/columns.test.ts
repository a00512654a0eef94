import fc from 'fast-check';
import { expect, it } from 'vitest';
import { COLUMN_TYPES, type ColumnType, isSame, NotFitting, toColumn, toField } from '../../src/sync/columns.js';

const given: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  text: fc.string({ unit: 'binary' }),
  int: fc.integer(),
  bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  boolean: fc.boolean(),
  timestamp: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
  uuid: fc.uuid(),
  timeuuid: fc.uuid({ version: 1 }),
  json: fc.jsonValue(),
  'list<text>': fc.array(fc.string()),
  'set<text>': fc.array(fc.string()),
  'map<text, text>': fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
};

it.each(COLUMN_TYPES)('a field that went into a column of %s and came back is the same', (type) => {
  fc.assert(
    fc.property(given[type], (field) => {
      const { value, field: normal } = toColumn(type, field);
      expect(isSame(toField(type, value), normal)).toBe(true);
      expect(isSame(toColumn(type, normal).field, normal)).toBe(true);
    }),
    { numRuns: 200 },
  );
});

it.each(COLUMN_TYPES)('a column of %s takes any field, or says what it takes', (type) => {
  fc.assert(
    fc.property(fc.anything(), (field) => {
      try {
        toColumn(type, JSON.parse(JSON.stringify(field) ?? 'null'));
      } catch (error) {
        if (error instanceof TypeError) return;
        expect(error).toBeInstanceOf(NotFitting);
        expect(String(error)).toContain('it takes');
      }
    }),
    { numRuns: 200 },
  );
});

it('says which value a column has no room for', () => {
  expect(() => toColumn('int', 'many')).toThrow('"many" is not valid, it takes a number');
  expect(() => toColumn('int', 2 ** 31)).toThrow('it takes a whole number from -2147483648 to 2147483647');
  expect(() => toColumn('uuid', 'x')).toThrow('it takes a UUID');
});
