import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { createSession } from './session.js';

/** The text protocol. A device forgets what it sent once its `A` is answered, so its acknowledgement is exact. */
export const alip: Protocol = {
  name: 'alip',
  port: 3050,
  ackStrength: 'exact',
  session: createSession,
  device: createDevice,
  explain,
};
