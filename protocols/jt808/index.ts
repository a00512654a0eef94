import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { recognise } from './recognise.js';
import { createSession } from './session.js';

/** The trackers of China's standard. A device keeps a location until `8001` says 0, so the acknowledgement is exact. */
export const jt808: Protocol = {
  name: 'jt808',
  port: 5015,
  served: false,
  udp: false,
  ackStrength: 'exact',
  lacks: ['readings', 'settings', 'responses'],
  ident: 'jt808:13800000001',
  recognise,
  session: createSession,
  device: () => createDevice(),
  explain,
};
