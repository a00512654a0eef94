import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceSide } from '../../../protocols/protocol.js';
import { datagram, readDatagram } from '../../../protocols/teltonika/datagrams.js';
import { createDevice } from '../../../protocols/teltonika/device.js';
import { packet } from '../../../protocols/teltonika/frames.js';
import { teltonika } from '../../../protocols/teltonika/index.js';
import { CODEC, readRecords, recordsContent } from '../../../protocols/teltonika/records.js';
import { testSession } from '../every-session.js';
import { effectsOf, stored } from '../outcomes.js';
import { accept, answers, IMEI, identifiedSession, NOW, newSession } from './conversation-with-a-server.js';

const degrees = (most: number) => fc.integer({ min: -most * 1e7, max: most * 1e7 }).map((units) => units / 1e7 + 0);
const bytes = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((one) => Buffer.from(one));
const value = (id: number) => fc.record({ id: fc.nat(id), bytes: fc.oneof(bytes(1), bytes(2), bytes(4), bytes(8)) });
const record = (ids: number) =>
  fc.record({
    time: fc.integer({ min: 0, max: 4_000_000_000_000 }),
    priority: fc.nat(2),
    lat: degrees(90),
    lon: degrees(180),
    alt: fc.integer({ min: -32_768, max: 32_767 }),
    head: fc.nat(360),
    sat: fc.nat(30),
    spd: fc.nat(300),
    event: fc.nat(ids),
    values: fc.array(value(ids), { maxLength: 8 }),
  });
const byWidth = <T extends { bytes: Buffer }>(values: readonly T[]) =>
  [...values].sort((a, b) => a.bytes.length - b.bytes.length);

const saying: fc.Arbitrary<(device: DeviceSide) => Uint8Array> = fc.oneof(
  fc.tuple(fc.constantFrom(CODEC.avl, CODEC.avlExtended, CODEC.avl16), fc.array(record(255), { maxLength: 4 })).map(
    ([codec, records]) =>
      () =>
        packet(recordsContent(codec, records)),
  ),
  fc.uint8Array({ maxLength: 40 }).map((content) => () => packet(Buffer.from(content))),
  fc.string({ maxLength: 9 }).map((text) => (device: DeviceSide) => device.commandDone('1', text)),
  fc.constantFrom(IMEI, '490154203237518').map((imei) => (device: DeviceSide) => device.identify(`imei:${imei}`)),
  fc.uint8Array({ maxLength: 5 }).map((noise) => () => noise),
);
const stream = fc.array(saying, { maxLength: 12 }).map((all) => {
  const device = createDevice();
  return Buffer.concat([device.identify(`imei:${IMEI}`), ...all.map((say) => say(device))]);
});

testSession(teltonika, { stream, now: NOW });

test.each([
  ['8', CODEC.avl, 255],
  ['8 extended', CODEC.avlExtended, 65_535],
  ['16', CODEC.avl16, 65_535],
] as const)('records that are written in codec %s are read as they were', (_, codec, ids) => {
  fc.assert(
    fc.property(fc.array(record(ids), { maxLength: 10 }), (records) => {
      const found = readRecords(recordsContent(codec, records));
      expect(found).toMatchObject(records.map((one) => ({ ...one, values: byWidth(one.values) })));
    }),
    { numRuns: 200 },
  );
});

test('all records of a packet are acknowledged, or none: one that is changed in a byte never', () => {
  const changed = fc.tuple(
    fc.array(record(255), { minLength: 1, maxLength: 4 }),
    fc.nat(),
    fc.integer({ min: 1, max: 255 }),
  );
  fc.assert(
    fc.property(changed, ([records, at, by]) => {
      const whole = packet(recordsContent(CODEC.avl, records));
      const place = 8 + (at % (whole.length - 8));
      whole[place] = (whole[place] ?? 0) ^ by;
      const effects = identifiedSession().receive(whole, NOW);
      expect(answers(effects)).toEqual([]);
      expect(stored(effects)).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a location that a device writes is the one that the server stores, and its barrier is answered', () => {
  const location = fc.record({
    time: fc.integer({ min: Date.UTC(2026, 0), max: NOW }),
    lat: degrees(90),
    lon: degrees(180),
    spd: fc.nat(300),
    alt: fc.integer({ min: -500, max: 9_000 }),
  });
  fc.assert(
    fc.property(fc.array(location, { minLength: 1, maxLength: 300 }), fc.nat(255), (locations, n) => {
      const device = createDevice();
      const session = newSession();
      const hear = (effects: ReturnType<typeof session.receive>) =>
        effects.flatMap((effect) => (effect.do === 'answer' ? device.receive(effect.bytes) : []));
      session.receive(device.identify(`imei:${IMEI}`), NOW);
      expect(hear(accept(session))).toEqual([{ event: 'identified', accepted: true }]);
      const sent = [...locations.map((one) => device.location(one)), device.barrier(n)];
      const effects = session.receive(Buffer.concat(sent), NOW);
      const found = stored(effects).filter(({ type }) => type === 'sen:loc');
      expect(found.map(({ time, data }) => ({ time, ...JSON.parse(data) }))).toMatchObject(locations);
      expect(hear(effects)).toEqual([{ event: 'barrier', n }]);
    }),
    { numRuns: 60 },
  );
});

test('a command that is sent is heard as it was, and its response comes back', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', minLength: 1 }),
      fc.string({ unit: 'grapheme', minLength: 1 }),
      (text, response) => {
        const device = createDevice();
        device.receive(Buffer.of(1));
        const session = identifiedSession();
        const [said] = session.tell({ tell: 'commands', commands: [{ id: 'an-id', text }] }, NOW);
        const [heard] = said?.do === 'answer' ? device.receive(said.bytes) : [];
        expect(heard).toMatchObject({ event: 'command', text });
        expect(session.receive(device.commandDone('1', response), NOW)).toEqual([
          { do: 'confirm', what: { kind: 'commandDone', id: 'an-id', response } },
        ]);
      },
    ),
  );
});

test('a datagram that is written is read as it was, and nothing else is one', () => {
  const some = fc.record({ packetId: fc.nat(65_535), avlPacketId: fc.nat(255), imei: fc.stringMatching(/^\d{15}$/) });
  fc.assert(
    fc.property(some, fc.uint8Array({ minLength: 1, maxLength: 40 }), (head, content) => {
      const written = { ...head, content: Buffer.from(content) };
      expect(readDatagram(datagram(written))).toEqual(written);
      expect(readDatagram(Buffer.concat([datagram(written), Buffer.of(0)]))).toBeNull();
    }),
  );
});

test('random datagrams never throw', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (datagrams) => {
      effectsOf(newSession('udp'), datagrams, NOW);
    }),
    { numRuns: 500 },
  );
});
