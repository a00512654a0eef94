import { describe, expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { comparable, effectsOf, newSession } from '../protocols/outcomes.js';
import { corpusOf } from './corpus.js';

/** Sessions up to this many bytes are also cut at every pair of places. */
const PAIRS_UP_TO = 64;
/** Of longer ones, so many places are cut at. */
const MOST_PLACES = 3_000;

describe.each(protocols.map((protocol) => [protocol.name, protocol] as const))('%s', (_, protocol) => {
  it.each(corpusOf(protocol).map(({ name, bytes }) => [name, bytes] as const))(
    '%s brings about the same, cut at every byte',
    (_, bytes) => {
      const whole = comparable(effectsOf(newSession(protocol), [bytes]));
      const cut = (...places: number[]) => {
        const ends = [...places, bytes.length];
        const pieces = ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
        expect(comparable(effectsOf(newSession(protocol), pieces)), `cut at ${places}`).toEqual(whole);
      };
      const step = Math.max(1, Math.floor(bytes.length / MOST_PLACES));
      for (let place = 0; place <= bytes.length; place += step) cut(place);
      if (bytes.length <= PAIRS_UP_TO)
        for (let first = 0; first < bytes.length; first++)
          for (let second = first; second < bytes.length; second++) cut(first, second);
      const single = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
      expect(comparable(effectsOf(newSession(protocol), single)), 'byte by byte').toEqual(whole);
    },
    60_000,
  );
});
