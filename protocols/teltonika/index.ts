import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { recognise } from './recognise.js';
import { createSession } from './session.js';

/** Teltonika's trackers. A device deletes the records that an answer counts, so its acknowledgement is exact. */
export const teltonika: Protocol = {
  name: 'teltonika',
  port: 5027,
  served: false,
  lacks: ['readings', 'settings', 'alive'],
  udp: true,
  ackStrength: 'exact',
  ident: 'imei:352093081429150',
  recognise,
  session: createSession,
  device: () => createDevice(),
  explain,
};
