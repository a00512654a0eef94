import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { recognise } from './recognise.js';
import { createSession } from './session.js';

/** The binary protocol. A device forgets what it sent once its ping comes back, so its acknowledgement is exact. */
export const m2mp: Protocol = {
  name: 'm2mp',
  port: 3010,
  served: true,
  udp: false,
  ackStrength: 'exact',
  lacks: [],
  ident: 'imei:490154203237518',
  recognise,
  session: createSession,
  device: () => createDevice(),
  explain,
};
