import fc from 'fast-check';
import { expect, it } from 'vitest';
import { compilePattern, MAX_PATTERN_LENGTH, PatternError } from '../../src/devices/pattern.js';

it.each([
  ['sen:', 'sen:temp', true],
  ['^sen:', 'lsen:temp', false],
  ['^can(:[0-9a-f]{3})?$', 'can:1fa', true],
  ['^can(:[0-9a-f]{3})?$', 'can:1f', false],
  ['^(a|b|)c$', 'c', true],
  ['^[^:]+$', 'a:b', false],
  ['^[\\w.-]+\\.bin$', 'x-1.bin', true],
  ['^\\d{2,3}$', '1234', false],
  ['^.$', '😀', true],
  ['', '', true],
  ['^(a*)*b', 'aaaaaaaaaaaaaaaaaaaaaaac', false],
])('%s in %s: %s', (pattern, text, found) => {
  expect(compilePattern(pattern)(text)).toBe(found);
});

it.each(['(', ')', 'a)', '[a', '*', 'a|*', '\\', '\\1', '(?=a)', '(?<n>a)', 'a{3,2}', 'a{999}', '[z-a]', '{1}'])(
  '%s is no pattern',
  (pattern) => {
    expect(() => compilePattern(pattern)).toThrow(PatternError);
  },
);

it('repetitions of repetitions end at the bound, at once', () => {
  const begun = performance.now();
  for (const pattern of [
    '((a{255}){255}){255}',
    '(((){255}){255}){255}',
    `${'('.repeat(120)}${')'.repeat(120)}`.repeat(2),
  ])
    expect(() => compilePattern(pattern)).toThrow(PatternError);
  expect(() => compilePattern('a'.repeat(MAX_PATTERN_LENGTH + 1))).toThrow(PatternError);
  expect(performance.now() - begun).toBeLessThan(1_000);
});

it.each(['(a+)+$', '(a|a)*$', '(.*)(.*)(.*)(.*)(.*)(.*)x', '(a|aa)+$', '(a*)*(a*)*(a*)*$'])(
  'a pattern that others take for ever on, %s, takes no time',
  (pattern) => {
    const test = compilePattern(pattern);
    const begun = performance.now();
    test(`${'a'.repeat(254)}!`);
    expect(performance.now() - begun).toBeLessThan(500);
  },
);

it('what is taken is found as by JavaScript', () => {
  const atom = fc.constantFrom('a', 'b', ':', '.', '\\d', '\\w', '\\S', '[ab]', '[^a]', '[a-c1]', '\\.', '^', '$', '');
  const tree = fc.letrec<{ whole: string }>((tie) => ({
    whole: fc.oneof(
      { maxDepth: 4 },
      atom,
      fc.tuple(tie('whole'), tie('whole')).map(([a, b]) => a + b),
      fc.tuple(tie('whole'), tie('whole')).map(([a, b]) => `(${a}|${b})`),
      fc
        .tuple(tie('whole'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,2}', '{1,}', '*?', '+?'))
        .map(([a, times]) => `(?:${a})${times}`),
    ),
  })).whole;
  fc.assert(
    fc.property(
      tree,
      fc.string({ unit: fc.constantFrom('a', 'b', 'c', '1', ':', '.', ' '), maxLength: 8 }),
      (source, text) => {
        expect(compilePattern(source)(text)).toBe(new RegExp(source, 'u').test(text));
      },
    ),
    { numRuns: 2_000 },
  );
});
