import { describe, expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { randomFrom } from '../durability/random.js';
import { effectsOf, newSession } from '../protocols/outcomes.js';
import { corpusOf } from './corpus.js';

/** Frames and lines, of all protocols together. */
const MESSAGES = Number(process.env['M2MP_FUZZ_MESSAGES'] ?? 1_000_000);
/** One of so many streams is of random bytes, the others are mutated sessions. */
const RANDOM_EVERY = 10;
/** What the heap may grow by while all of them are taken, in bytes. */
const MAX_GROWTH = 64 * 1_024 * 1_024;
/** What one byte of a device may bring about, in bytes of answers: an echo, or an error that says why. */
const MAX_ANSWERS = 2_000;

describe.each(protocols.map((protocol) => [protocol.name, protocol] as const))('%s', (name, protocol) => {
  const messages = Math.ceil(MESSAGES / protocols.length);
  it(`takes ${messages} random and mutated messages without an exception, in bounded memory`, () => {
    const seed = Number(process.env['M2MP_SEED'] ?? Date.now() % 2 ** 31);
    const random = randomFrom(seed);
    const corpus = corpusOf(protocol).filter(({ bytes }) => bytes.length < 5_000);
    const heap = () => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    const before = heap();
    let taken = 0;
    for (let stream = 0; taken < messages; stream++) {
      const bytes = stream % RANDOM_EVERY === 0 ? randomBytes(random) : mutated(corpus, random);
      const session = newSession(protocol);
      try {
        const effects = effectsOf(session, chunksOf(bytes, random));
        const said = effects.reduce((sum, effect) => sum + (effect.do === 'answer' ? effect.bytes.length : 0), 0);
        if (said > MAX_ANSWERS * (bytes.length + 1)) throw new Error(`${said} bytes were answered to ${bytes.length}`);
        for (const effect of effects) if (effect.do === 'store') JSON.parse(effect.reading.data);
        taken += Math.max(1, effects.filter((effect) => effect.do !== 'answer').length);
      } catch (error) {
        throw new Error(`${name}, stream ${stream}, again by M2MP_SEED=${seed}: ${bytes.toString('hex')}`, {
          cause: error,
        });
      }
    }
    expect(heap() - before).toBeLessThan(MAX_GROWTH);
  }, 1_800_000);
});

type Random = () => number;

function randomBytes(random: Random): Buffer {
  return Buffer.from(Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
}

/** Two sessions behind each other, with a few bytes changed, left out, doubled or put in. */
function mutated(corpus: readonly { bytes: Buffer }[], random: Random): Buffer {
  const any = () => corpus[Math.floor(random() * corpus.length)]?.bytes ?? Buffer.alloc(0);
  let bytes = Buffer.concat([any(), any()]);
  for (let change = Math.floor(random() * 6); change > 0; change--) {
    const at = Math.floor(random() * bytes.length);
    const length = Math.floor(random() * 8);
    const [front, back] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (Math.floor(random() * 5)) {
      case 0:
        bytes = Buffer.concat([front, Buffer.of(Math.floor(random() * 256)), back.subarray(1)]);
        break;
      case 1:
        bytes = Buffer.concat([front, back.subarray(length)]);
        break;
      case 2:
        bytes = Buffer.concat([front, back.subarray(0, length), back]);
        break;
      case 3:
        bytes = Buffer.concat([front, randomBytes(random).subarray(0, length), back]);
        break;
      default:
        bytes = Buffer.concat([
          front,
          Buffer.of(INTERESTING[Math.floor(random() * INTERESTING.length)] ?? 0),
          back.subarray(1),
        ]);
    }
  }
  return bytes;
}

/** Values at which lengths and signs turn, and what separates fields. */
const INTERESTING = [0, 1, 0x20, 0x21, 0x22, 0x41, 0x61, 0x7f, 0x80, 0xff, 0x0a, 0x0d, 0x2c, 0x3d];

function* chunksOf(bytes: Buffer, random: Random): Generator<Buffer> {
  for (let at = 0; at < bytes.length; ) {
    const length = random() < 0.5 ? bytes.length : 1 + Math.floor(random() * 20);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}
