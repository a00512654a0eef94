import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { createSession } from './session.js';

/** The binary protocol. A device forgets what it sent once its ping comes back, so its acknowledgement is exact. */
export const m2mp: Protocol = {
  name: 'm2mp',
  port: 3010,
  ackStrength: 'exact',
  session: createSession,
  device: () => createDevice(),
  explain,
};
