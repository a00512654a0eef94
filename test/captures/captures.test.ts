import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { connectionsOf } from '../../src/captures/connections.js';
import { CaptureError } from '../../src/captures/packets.js';
import { recognise } from '../../src/captures/recognise.js';
import { sessionsOfCapture } from '../../src/captures/sessions.js';
import { literalBytes } from '../../src/sessions/payload.js';
import type { Session, SessionEvent } from '../../src/sessions/session-file.js';
import { parseSession } from '../../src/sessions/session-parser.js';
import { corpusOf } from '../fuzz/corpus.js';
import {
  ACK,
  datagramPacket,
  FIN,
  type Link,
  packet,
  pcap,
  pcapng,
  SYN,
  type WrittenDatagram,
  type WrittenSegment,
} from './capture-writer.js';

const START = 1_700_000_000_000;
const LINKS: readonly Link[] = ['ethernet', 'vlan', 'cooked', 'cooked2', 'loopback', 'raw'];

/** A connection in which the client sends pieces, each answered by one of the server, from sequence numbers on. */
function conversation(
  pieces: readonly (readonly [Buffer, Buffer])[],
  [client, server] = [0xffff_fff0, 5],
): WrittenSegment[] {
  const segments: WrittenSegment[] = [];
  let [mine, theirs] = [client!, server!];
  const add = (fromClient: boolean, flags: number, payload: Buffer = Buffer.alloc(0)) => {
    const sequence = fromClient ? mine : theirs;
    segments.push({ time: START + segments.length * 10, fromClient, sequence, flags, payload });
    const taken = payload.length + (flags & (SYN | FIN) ? 1 : 0);
    if (fromClient) mine += taken;
    else theirs += taken;
  };
  add(true, SYN);
  add(false, SYN | ACK);
  for (const [said, answer] of pieces) {
    add(true, ACK, said);
    if (answer.length > 0) add(false, ACK, answer);
  }
  add(true, FIN | ACK);
  add(false, FIN | ACK);
  return segments;
}

const inPackets = (segments: readonly WrittenSegment[], link: Link, version: 4 | 6 = 4) =>
  segments.map((segment) => ({ time: segment.time, bytes: packet(segment, link, version) }));
const said = (bytes: Buffer, from: 'client' | 'server') =>
  Buffer.concat(
    connectionsOf(bytes).flatMap(({ events }) =>
      events.flatMap((event) => (event.from === from && event.bytes !== 'close' ? [event.bytes] : [])),
    ),
  );

const TALK = conversation([
  [Buffer.from('ID imei:1234\n'), Buffer.from('ID 1\n')],
  [Buffer.from('D T 21\nA 1\n'), Buffer.from('B 1\n')],
]);

it.each(LINKS.flatMap((link) => ([4, 6] as const).map((version) => [link, version] as const)))(
  'a connection over %s and IPv%d is read whole, from pcap and pcapng of either byte order',
  (link, version) => {
    const packets = inPackets(TALK, link, version);
    for (const file of [
      pcap(packets, link),
      pcap(packets, link, { little: false }),
      pcap(packets, link, { nano: true }),
      pcapng(packets, link),
      pcapng(packets, link, { little: false }),
    ]) {
      const [connection, ...others] = connectionsOf(file);
      expect(others).toEqual([]);
      expect(connection).toMatchObject({ opened: true, missing: 0 });
      expect(
        connection?.events.map(({ time, from, bytes }) => [Math.round(time - START), from, bytes.toString()]),
      ).toEqual([
        [20, 'client', 'ID imei:1234\n'],
        [30, 'server', 'ID 1\n'],
        [40, 'client', 'D T 21\nA 1\n'],
        [50, 'server', 'B 1\n'],
        [60, 'client', 'close'],
        [70, 'server', 'close'],
      ]);
    }
  },
);

it('segments that are cut, doubled, out of order and overlapping come out whole', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((array) => Buffer.from(array));
  const cuts = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 60 })), { maxLength: 25 });
  fc.assert(
    fc.property(bytes, cuts, fc.nat(0xffff_ffff), fc.infiniteStream(fc.nat()), (payload, all, first, order) => {
      const pieces = [...all.map(([at, length]) => [at % payload.length, length] as const)];
      for (let at = 0; at < payload.length; at += 40) pieces.push([at, 40]);
      const data = pieces.map(
        ([at, length], index): WrittenSegment => ({
          time: START + index,
          fromClient: true,
          sequence: first + 1 + at,
          flags: ACK,
          payload: payload.subarray(at, at + length),
        }),
      );
      data.sort(() => (Number(order.next().value) % 3) - 1);
      const segments = [
        { time: START, fromClient: true, sequence: first, flags: SYN, payload: Buffer.alloc(0) },
        ...data,
      ];
      expect(said(pcap(inPackets(segments, 'ethernet'), 'ethernet'), 'client')).toEqual(payload);
    }),
  );
});

it('what was not captured is counted, and what is behind it is still read', () => {
  const segments = TALK.filter((_, index) => index !== 2);
  const [connection] = connectionsOf(pcap(inPackets(segments, 'raw'), 'raw'));
  expect(connection?.missing).toBe('ID imei:1234\n'.length);
  expect(said(pcap(inPackets(segments, 'raw'), 'raw'), 'client').toString()).toBe('D T 21\nA 1\n');
});

it('a connection on the same ports as one before is another one', () => {
  const again = conversation([[Buffer.from('T\n'), Buffer.from('T 1\n')]], [77, 99]);
  const all = [...TALK, ...again.map((segment) => ({ ...segment, time: segment.time + 1_000 }))];
  expect(connectionsOf(pcap(inPackets(all, 'raw'), 'raw'))).toHaveLength(2);
});

const DATAGRAMS = parseSession(
  readFileSync(new URL('../../fixtures/teltonika/datagrams.session', import.meta.url), 'utf8'),
  'datagrams.session',
);
/** The datagrams of a session, as both sides sent them, from a time on. */
const datagramsOf = ({ events }: Session, start: number): WrittenDatagram[] =>
  events.flatMap(({ at, from, does }) =>
    does === 'close'
      ? []
      : [{ time: start + at, fromClient: from === 'device', payload: Buffer.from(literalBytes(does)!) }],
  );

it.each(LINKS.flatMap((link) => ([4, 6] as const).map((version) => [link, version] as const)))(
  'datagrams over %s and IPv%d are one exchange until it is quiet, each of them whole',
  (link, version) => {
    const sent = [...datagramsOf(DATAGRAMS, START), ...datagramsOf(DATAGRAMS, START + 400_000)];
    const file = pcap(
      sent.map((one) => ({ time: one.time, bytes: datagramPacket(one, link, version) })),
      link,
    );
    const { sessions, unknown } = sessionsOfCapture(file, protocols);
    expect(unknown).toBe(0);
    expect(sessions.map(({ protocol }) => protocol.name)).toEqual(['teltonika', 'teltonika']);
    for (const { session } of sessions) {
      expect(session.transport).toBe('udp');
      expect(session.events.map(({ at, from, does }) => [at, from, literal(does)])).toEqual(
        DATAGRAMS.events.map(({ at, from, does }) => [at, from, literal(does)]),
      );
    }
  },
);

it('datagrams of which the answers were captured first are of the one who is a device', () => {
  const sent = datagramsOf(DATAGRAMS, START).slice(1);
  const file = pcap(
    sent.map((one) => ({ time: one.time, bytes: datagramPacket(one, 'raw', 4) })),
    'raw',
  );
  const [first] = sessionsOfCapture(file, protocols).sessions;
  expect(first?.session.title).toMatch(/:40000 to /);
  expect(first?.session.events[0]?.from).toBe('server');
});

function literal(does: SessionEvent['does']): string {
  return does === 'close' ? does : Buffer.from(literalBytes(does)!).toString('hex');
}

it('random and damaged files never throw anything but a CaptureError', () => {
  const whole = pcapng(inPackets(TALK, 'ethernet'), 'ethernet');
  const datagrams = pcap(
    datagramsOf(DATAGRAMS, START).map((one) => ({ time: one.time, bytes: datagramPacket(one, 'raw', 6) })),
    'raw',
  );
  const damaged = fc.tuple(
    fc.constantFrom(whole, pcap(inPackets(TALK, 'raw'), 'raw'), datagrams),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 12 }),
    fc.nat(),
  );
  const file = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    damaged.map(([good, changes, cut]) => {
      const bytes = Buffer.from(good);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes.subarray(0, cut % (bytes.length + 1));
    }),
  );
  fc.assert(
    fc.property(file, (bytes) => {
      try {
        sessionsOfCapture(bytes, protocols);
      } catch (error) {
        if (!(error instanceof CaptureError)) throw error;
      }
    }),
    { numRuns: 5_000 },
  );
});

it('a capture made by tcpdump is read without being told the protocols', () => {
  const file = readFileSync(new URL('../../fixtures/captures/five-devices.pcap', import.meta.url));
  const { sessions, unknown } = sessionsOfCapture(file, protocols);
  expect(unknown).toBe(0);
  expect(sessions.map(({ protocol }) => protocol.name).sort()).toEqual(['alip', 'alip', 'm2mp', 'm2mp', 'm2mp']);
  for (const { session } of sessions) expect(session.events.map(({ from }) => from)).toContain('server');
});

it('a capture of the port of all protocols is read as what each tracker speaks', () => {
  const file = readFileSync(new URL('../../fixtures/captures/trackers.pcap', import.meta.url));
  const { sessions, unknown } = sessionsOfCapture(file, protocols);
  expect(unknown).toBe(0);
  const names = sessions.map(({ protocol }) => protocol.name);
  expect(names.join(' ')).toBe('jt808 jt808 jt808 gt06 gt06 gt06 h02 h02 teltonika');
  for (const { session, protocol } of sessions) {
    const said = session.events.flatMap(({ from, does }) =>
      from === 'server' || does === 'close' ? [] : [Buffer.from(literalBytes(does) ?? [])],
    );
    const explained = said.flatMap((bytes) => protocol.explain(bytes, 'device').map(({ text }) => text));
    expect(explained.join('\n')).not.toMatch(/malformed|not whole|protocol error/);
  }
});

it.each(protocols.map((protocol) => [protocol.name, protocol] as const))(
  '%s is recognised by what its devices say first',
  (name, protocol) => {
    for (const recorded of corpusOf(protocol)) {
      if (
        /error-|before-identification|unidentified|identification-invalid|identification-of-nobody/.test(recorded.name)
      )
        continue;
      expect(recognise(recorded.bytes, protocols)?.name, recorded.name).toBe(name);
    }
    expect(recognise(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'), protocols)).toBeUndefined();
  },
);
