import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createDevice } from '../../../protocols/osmand/device.js';
import { osmand } from '../../../protocols/osmand/index.js';
import { createSession } from '../../../protocols/osmand/session.js';
import type { Effect, Session } from '../../../protocols/protocol.js';
import { expectExplained } from '../every-session.js';
import { counted, facts, identified, stored } from '../outcomes.js';

const NOW = Date.UTC(2026, 5, 1, 12, 5);
const TIME = '2026-06-01T12:00:00Z';

const newSession = () => createSession(facts(NOW));

/** What comes of bytes, every device being accepted. */
function hears(session: Session, bytes: Uint8Array | string, clockOffset: number | null = null): Effect[] {
  const due = session.receive(Buffer.from(bytes), NOW);
  for (const effect of [...due])
    if (effect.do === 'identify') due.push(...session.tell({ tell: 'identified', ...identified, clockOffset }, NOW));
  return due;
}

/** What is stored of a GET, by type. */
function storedOf(query: string): Map<string, unknown> {
  const found = stored(hears(newSession(), `GET /?id=a&${query} HTTP/1.1\r\n\r\n`));
  return new Map(found.map(({ type, data }) => [type, JSON.parse(data)]));
}

describe('a place', () => {
  it('has speeds in km/h, and what else is known of it', () => {
    const query = `timestamp=${TIME}&lat=48.8566&lon=2.3522&speed=10&bearing=90&altitude=35.5&hdop=0.8&sat=9`;
    const [location] = stored(hears(newSession(), `GET /?id=a&${query} HTTP/1.1\r\n\r\n`));
    expect(location).toEqual({
      type: 'sen:loc',
      time: Date.parse(TIME),
      data: '{"lat":48.8566,"lon":2.3522,"spd":18.5,"alt":35.5,"head":90,"sat":9,"hdop":0.8,"valid":true}',
      listed: null,
    });
  });

  it.each([
    ['1780315200', 1_780_315_200_000],
    ['1780315200.5', 1_780_315_200_500],
    ['1780315200123', 1_780_315_200_123],
    ['2026-06-01T12:00:00%2B02:00', Date.UTC(2026, 5, 1, 10)],
    ['2026-06-01+12:00:00', Date.UTC(2026, 5, 1, 12)],
  ])('of %s is dated so', (timestamp, time) => {
    const effects = hears(newSession(), `GET /?id=a&lat=1&lon=2&timestamp=${timestamp} HTTP/1.1\r\n\r\n`);
    expect(stored(effects)[0]?.time).toBe(time);
  });

  it('has its date put right by the offset of its clock', () => {
    const effects = hears(newSession(), `GET /?id=a&lat=1&lon=2&timestamp=${TIME} HTTP/1.1\r\n\r\n`, 60);
    expect(stored(effects)[0]?.time).toBe(Date.parse(TIME) - 3_600_000);
  });
});

it.each([
  ['rpm=2150', 'sen:rpm', 2_150],
  ['temp=-3.5', 'sen:temp', -3.5],
  ['phone=0170123', 'sen:phone', '0170123'],
  ['door=false', 'sen:door', false],
  ['driver=A%2F7+%C3%A9', 'sen:driver', 'A/7 é'],
  ['batt=87.0', 'sen:battery_level', 87],
  ['charge=1', 'sen:charging', true],
  ['loc=here', 'raw:loc', 'here'],
  ['_server=x', 'sen:_server', 'x'],
])('the value %s is stored as %s %j', (query, type, value) => {
  expect(storedOf(query).get(type)).toEqual(value);
});

it('200 waits for the disk, and is 503 where it does not come to be', () => {
  const effects = hears(newSession(), 'GET /?id=a&lat=1&lon=2 HTTP/1.1\r\n\r\n');
  expect(effects.map((effect) => effect.do)).toEqual(['identify', 'store', 'answer']);
  const answer = effects.at(-1);
  if (answer?.do !== 'answer') throw new Error('no answer');
  expect(answer.when).toBe('durable');
  expect(Buffer.from(answer.bytes).toString()).toMatch(/^HTTP\/1\.1 200 /);
  expect(Buffer.from(answer.otherwise ?? []).toString()).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 10/);
});

it('of several places one that cannot be is a bad request, and none of them is stored', () => {
  const place = (latitude: number) => ({ timestamp: TIME, coords: { latitude, longitude: 2 } });
  const body = JSON.stringify({ device_id: 'a', location: [place(1), place(91)] });
  const effects = hears(newSession(), `POST / HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  expect(stored(effects)).toEqual([]);
  expect(counted(effects)).toEqual(['bad_request']);
});

test('a location that a device writes is the one that the server stores, and its barrier is answered', () => {
  const degrees = (most: number) => fc.double({ min: -most, max: most, noNaN: true }).map((value) => value + 0);
  const location = fc.record({
    time: fc.integer({ min: Date.UTC(2026, 0), max: NOW }),
    lat: degrees(90),
    lon: degrees(180),
    spd: fc.nat(300),
    alt: fc.integer({ min: -500, max: 9_000 }),
  });
  fc.assert(
    fc.property(fc.array(location, { minLength: 1, maxLength: 5 }), fc.nat(255), (locations, n) => {
      const device = createDevice();
      const session = newSession();
      const sent = [device.identify('osmand:a'), ...locations.map((one) => device.location(one)), device.barrier(n)];
      const effects = hears(session, Buffer.concat(sent));
      const found = stored(effects).filter(({ type }) => type === 'sen:loc');
      expect(found.map(({ time, data }) => ({ time, ...JSON.parse(data) }))).toMatchObject(locations);
      const heard = effects.flatMap((effect) => (effect.do === 'answer' ? device.receive(effect.bytes) : []));
      expect(heard).toEqual([
        { event: 'identified', accepted: true },
        { event: 'barrier', n },
      ]);
    }),
    { numRuns: 100 },
  );
});

test('random requests never throw, whatever they hold, and are explained to the last', () => {
  const name = fc.constantFrom('id', 'lat', 'lon', 'timestamp', 'speed', 'batt', 'x', '');
  const query = fc.array(fc.tuple(name, fc.string({ unit: 'binary', maxLength: 12 })), { maxLength: 6 });
  const request = fc.oneof(
    query.map(
      (pairs) =>
        `GET /?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join('&')} HTTP/1.1\r\n\r\n`,
    ),
    fc.json().map((body) => `POST /?id=a HTTP/1.1\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`),
    fc.string({ unit: 'binary', maxLength: 60 }),
  );
  fc.assert(
    fc.property(fc.array(request, { maxLength: 4 }), (requests) => {
      const bytes = Buffer.from(requests.join(''));
      for (const { data } of stored(hears(newSession(), bytes))) JSON.parse(data);
      expectExplained(osmand, bytes);
    }),
    { numRuns: 300 },
  );
});
