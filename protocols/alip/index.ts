import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { recognise } from './recognise.js';
import { createSession } from './session.js';

/** The text protocol. A device forgets what it sent once its `A` is answered, so its acknowledgement is exact. */
export const alip: Protocol = {
  name: 'alip',
  port: 3050,
  served: true,
  udp: false,
  ackStrength: 'exact',
  lacks: [],
  ident: 'imei:490154203237518',
  recognise,
  session: createSession,
  device: createDevice,
  explain,
};
