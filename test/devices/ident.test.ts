import fc from 'fast-check';
import { expect, it } from 'vitest';
import { identProblem } from '../../src/devices/ident.js';

it.each([
  'imei:123456789012345',
  'h02:4210051415',
  'jt808:13800138000',
  'osmand:my-phone_1.2',
  'abc:abcd',
  'a123456:ABCDEFGHIJ0123456789',
])('%s is an ident', (ident) => {
  expect(identProblem(ident)).toBeNull();
});

it.each(['', 'imei', 'imei:', ':1', 'Imei:1', '1mei:1', 'imei:1 ', 'imei:a/b', 'imei:1\n', `imei:${'1'.repeat(65)}`])(
  '%j is none',
  (ident) => {
    expect(identProblem(ident)).toContain('Invalid ident');
  },
);

it('what ALIP takes is an ident', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z][0-9a-z]{2,6}:[a-zA-Z0-9]{4,20}$/), (ident) => {
      expect(identProblem(ident)).toBeNull();
    }),
  );
});

it('no ident holds a character that a path, a line or a page could stumble over', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.string().map((s) => `imei:${s}`),
      ),
      (text) => {
        if (identProblem(text) === null) expect(text).toMatch(/^[0-9A-Za-z:._-]{3,81}$/);
      },
    ),
  );
});
