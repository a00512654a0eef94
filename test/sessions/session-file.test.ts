import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchParts } from '../../src/sessions/matching.js';
import { mergeParts, parsePayload } from '../../src/sessions/payload.js';
import type { Part, Session, SessionEvent } from '../../src/sessions/session-file.js';
import { parseSession } from '../../src/sessions/session-parser.js';
import { writeSession } from '../../src/sessions/session-writer.js';

const HEAD = '@protocol m2mp\n@title a session\n';

it.each([
  ['0.1 > 02 ff', [{ part: 'bytes', as: 'hex', bytes: Buffer.from([2, 255]) }]],
  ['0.1 > "a\\n\\x00"', [{ part: 'bytes', as: 'text', bytes: Buffer.from('a\n\0') }]],
  ['0.1 < 01 ?? # any', [{ part: 'bytes', as: 'hex', bytes: Buffer.from([1]) }, { part: 'anyByte' }]],
])('%s is read', (line, does) => {
  expect(parseSession(HEAD + line, 'f').events[0]?.does).toEqual(does);
});

it.each([
  ['0.1 > 0', 3, '"0"'],
  ['0.1 > "a', 3, 'not closed'],
  ['0.1 > ??', 3, 'wildcard'],
  ['x > 00', 3, '"x"'],
  ['0.2 > 00\n0.1 > 00', 4, 'goes back'],
  ['@given colour red', 3, '"colour"'],
  ['0.1 < close\n0.2 < 00', 4, 'behind the close'],
  ['@transport sctp', 3, '"sctp"'],
  ['@transport udp\n@transport tcp', 4, 'twice'],
  ['@transport udp\n0.1 > close', 4, 'over UDP'],
])('%j is refused, by its line', (text, line, what) => {
  expect(() => parseSession(HEAD + text, 'f.session')).toThrow(expect.objectContaining({ line }));
  expect(() => parseSession(HEAD + text, 'f.session')).toThrow(what);
});

it('what is written is read as it was', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 12 }).map((array) => Buffer.from(array));
  const part: fc.Arbitrary<Part> = fc.record({
    part: fc.constant('bytes' as const),
    as: fc.constantFrom('hex' as const, 'text' as const),
    bytes,
  });
  const wild: fc.Arbitrary<readonly Part[]> = fc.tuple(
    part,
    fc.constantFrom<Part>({ part: 'anyByte' }, { part: 'anyRun' }),
    part,
  );
  const event = (from: 'device' | 'server') =>
    fc.record({
      from: fc.constant(from),
      does:
        from === 'device'
          ? fc.array(part, { minLength: 1, maxLength: 4 })
          : fc.oneof(wild, fc.array(part, { minLength: 1, maxLength: 4 })),
      comment: fc.constantFrom('', 'a note'),
    });
  const events = fc
    .array(fc.tuple(fc.oneof(event('device'), event('server')), fc.nat(100_000)))
    .map((all): SessionEvent[] => {
      let at = 0;
      return all.map(([one, pause]) => {
        at += pause;
        return { ...one, at, line: 0, does: mergeParts(one.does) };
      });
    });
  const session: fc.Arbitrary<Session> = fc.record({
    protocol: fc.constantFrom('m2mp', 'alip'),
    transport: fc.constantFrom('tcp', 'udp'),
    title: fc.constant('a session'),
    given: fc.constant([]),
    events,
  });
  fc.assert(
    fc.property(session, (one) => {
      const read = parseSession(writeSession(one), 'f');
      expect({ ...read, events: read.events.map((each) => ({ ...each, line: 0 })) }).toEqual(one);
    }),
  );
});

it.each([
  ['01 02', '01 02 03', { found: 'whole', end: 2 }],
  ['01 02', '01', { found: 'part' }],
  ['01 02', '01 03', { found: 'other', at: 1 }],
  ['01 ??', '01 77', { found: 'whole', end: 2 }],
  ['"T {*}\\n" "x"', '"T 123\\nx"', { found: 'whole', end: 7 }],
  ['"T {*}\\n"', '"T 123"', { found: 'part' }],
])('%s and the bytes %s: %j', (payload, bytes, match) => {
  const sent = parsePayload(bytes).parts.flatMap((part) => (part.part === 'bytes' ? [part.bytes] : []));
  expect(matchParts(parsePayload(payload).parts, Buffer.concat(sent), 0)).toEqual(match);
});
