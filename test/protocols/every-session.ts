/** What holds of the session of every protocol. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewReading, Protocol } from '../../protocols/protocol.js';
import { comparable, effectsOf, newSession, stored } from './outcomes.js';

export interface Heard {
  /** Streams of a device, valid and not, that say who it is. */
  readonly stream: fc.Arbitrary<Buffer>;
  /** UNIX ms. */
  readonly now: number;
  /** Bytes in place of random ones: such as the protocol takes for more than noise. */
  readonly noise?: fc.Arbitrary<Uint8Array>;
}

/** What frames and lines of some protocol begin or end with: many in a row are many of them, or one without an end. */
const BEGINNINGS = [...Buffer.from('*$#~xy)\n\0'), 0x01, 0x02, 0x61, 0xff];
/** Ms that are far more than a megabyte takes on a busy machine, and far less than where each byte is read again for each. */
const LONG = 10_000;

/** Tests that a session does not depend on how its bytes are cut, and takes any of them. */
export function testSession(protocol: Protocol, { stream, now, noise = fc.uint8Array({ maxLength: 200 }) }: Heard) {
  const hears = (chunks: readonly Uint8Array[]) => effectsOf(newSession(protocol, now), chunks, now);

  test('a stream cut anywhere brings about the same', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, at) => {
        expect(comparable(hears(pieces(bytes, at)))).toEqual(comparable(hears([bytes])));
      }),
      { numRuns: 500 },
    );
  });

  test('what is stored is JSON, whatever is said', () => {
    fc.assert(
      fc.property(stream, (bytes) => {
        for (const { data } of stored(hears([bytes]))) expect(() => JSON.parse(data)).not.toThrow();
      }),
    );
  });

  test.each(BEGINNINGS.map((byte) => [byte.toString(16), byte] as const))(
    'a megabyte of the byte %s is read in time that grows as it does',
    (_, byte) => {
      const started = performance.now();
      hears([Buffer.alloc(1 << 20, byte)]);
      expect(performance.now() - started).toBeLessThan(LONG);
    },
  );

  test('random bytes never throw, and are explained to the last', () => {
    fc.assert(
      fc.property(fc.array(noise), (chunks) => {
        hears(chunks);
        expectExplained(protocol, Buffer.concat(chunks));
      }),
      { numRuns: 500 },
    );
  });
}

/** Places to cut a stream at, for `pieces`. */
export const cuts = fc.array(fc.nat(), { maxLength: 40 });

/** Bytes, cut. */
export function pieces(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : places[index - 1], end));
}

/** Expects that an explanation leaves no byte out, whoever said them. */
export function expectExplained({ explain }: Protocol, bytes: Buffer): void {
  for (const direction of ['device', 'server'] as const) {
    const lengths = explain(bytes, direction).map((line) => line.length);
    expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
  }
}

/** The fields of a location of the day before `now`, as far as every tracker has them. */
export function placeBefore(now: number) {
  const degrees = (most: number) =>
    fc.integer({ min: -most * 1_000_000, max: most * 1_000_000 }).map((value) => value / 1_000_000);
  return {
    time: fc.integer({ min: now / 1_000 - 86_400, max: now / 1_000 }).map((seconds) => seconds * 1_000),
    lat: degrees(90),
    lon: degrees(180),
  };
}

/** Expects a reading to be that location, within so many degrees. */
export function expectPlace(
  reading: NewReading | undefined,
  { time, lat, lon, spd }: { time: number; lat: number; lon: number; spd: number },
  within: number,
): void {
  expect(reading).toMatchObject({ type: 'sen:loc', time });
  const data = JSON.parse(reading?.data ?? '');
  expect(data).toMatchObject({ spd, valid: true });
  expect(Math.abs(data.lat - lat)).toBeLessThan(within);
  expect(Math.abs(data.lon - lon)).toBeLessThan(within);
}
