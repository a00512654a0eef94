/** The device's side of one connection, for simulators, replays and tests: an app that keeps its connection open. */
import { type DeviceEvent, type DeviceSide, ProtocolError } from '../protocol.js';
import { Unread } from '../unread.js';

/** A device side that can also send any request. */
export interface OsmandDevice extends DeviceSide {
  /** A GET with these parameters besides the id. */
  get(parameters: Readonly<Record<string, string | number>>): Uint8Array;
}

/** Bytes of an answer that a device takes. */
const MAX_ANSWER_BYTES = 65_536;
const KMH_A_KNOT = 1.852;

/** The device's side of one new connection. */
export function createDevice(): OsmandDevice {
  const unread = new Unread();
  let id = '';
  /** Requests that were not answered: what their answers tell. */
  const open: { readonly identifies: boolean; readonly barriers: number[] }[] = [];

  function request(parameters: Readonly<Record<string, string | number>>, identifies = false): Buffer {
    open.push({ identifies, barriers: [] });
    const query = Object.entries({ id, ...parameters }).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
    return Buffer.from(`GET /?${query.join('&')} HTTP/1.1\r\nHost: gateway\r\n\r\n`);
  }

  return {
    get: (parameters) => request(parameters),
    identify(ident) {
      id = ident.replace(/^osmand:/, '');
      return request({}, true);
    },
    location(location) {
      if ('sat' in location) return request({ timestamp: location.time, sat: location.sat });
      const { time, lat, lon, spd, alt } = location;
      const speed = spd === undefined ? {} : { speed: spd / KMH_A_KNOT };
      return request({ timestamp: time, lat, lon, ...speed, ...(alt !== undefined && { altitude: alt }) });
    },
    reading(type, value, time) {
      if (!/^sen:[a-z]/.test(type)) return NOTHING;
      return request({ ...(time !== null && { timestamp: time }), [type.slice(4)]: value });
    },
    barrier(n) {
      const bytes = open.length === 0 ? request({}) : NOTHING;
      open.at(-1)?.barriers.push(n);
      return bytes;
    },
    settingReported: () => NOTHING,
    settingUnknown: () => NOTHING,
    commandDone: () => NOTHING,
    status: () => NOTHING,
    aliveAnswer: () => NOTHING,
    receive(bytes) {
      const events: DeviceEvent[] = [];
      unread.push(bytes);
      for (let status = nextStatus(unread); status !== null; status = nextStatus(unread)) events.push(...heard(status));
      unread.release();
      return events;
    },
  };

  function heard(status: number): DeviceEvent[] {
    const answered = open.shift();
    // A server may refuse what is no request yet.
    if (!answered) return [{ event: 'closing', why: `the server answers ${status}` }];
    if (status === 403) return [{ event: 'identified', accepted: false }];
    if (status !== 200) throw new ProtocolError('bad_request', `The server answers ${status}`, NOTHING);
    const events: DeviceEvent[] = answered.identifies ? [{ event: 'identified', accepted: true }] : [];
    return [...events, ...answered.barriers.map((n) => ({ event: 'barrier' as const, n }))];
  }
}

/** The status of the next answer that is whole, or null. */
function nextStatus(unread: Unread): number | null {
  const { bytes } = unread;
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) {
    if (bytes.length > MAX_ANSWER_BYTES) throw new ProtocolError('protocol_error', 'An answer too long', NOTHING);
    return null;
  }
  const head = bytes.toString('latin1', 0, end);
  const [, status] = /^HTTP\/1\.1 (\d{3}) /.exec(head) ?? [];
  const [, length = '0'] = /^content-length: (\d{1,6})$/im.exec(head) ?? [];
  if (status === undefined) throw new ProtocolError('protocol_error', 'No answer of HTTP', bytes.subarray(0, 64));
  const whole = end + 4 + Number(length);
  if (bytes.length < whole) return null;
  unread.take(whole);
  return Number(status);
}

const NOTHING = new Uint8Array();
