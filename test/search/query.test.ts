import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseSearch, SearchSyntaxError } from '../../src/search/query.js';

it('takes words, settings, points and silence, together', () => {
  expect(parseSearch('Van imei:49 interval=60 "apn=my net" near:48.85,2.35,5 silent:1d')).toEqual({
    words: ['van', 'imei:49'],
    settings: [
      { name: 'interval', value: '60' },
      { name: 'apn', value: 'my net' },
    ],
    near: [{ lat: 48.85, lon: 2.35, kilometres: 5 }],
    silent: 86_400_000,
  });
  expect(parseSearch('near:-90,180').near).toEqual([{ lat: -90, lon: 180, kilometres: 10 }]);
});

it('says what is wrong, with what it takes', () => {
  expect(() => parseSearch('near:91,0')).toThrow('near:91,0 is not valid, it takes near:LATITUDE,LONGITUDE');
  expect(() => parseSearch('near:,')).toThrow(SearchSyntaxError);
  expect(() => parseSearch('silent:soon')).toThrow('such as silent:1d');
  expect(() => parseSearch('a '.repeat(21))).toThrow('21 parts, at most 20');
});

it('takes any text, or says that it does not', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseSearch(text);
      } catch (error) {
        expect(error).toBeInstanceOf(SearchSyntaxError);
      }
    }),
  );
});
