import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { recognise } from './recognise.js';
import { createSession } from './session.js';

/** What OsmAnd and Traccar Client send over HTTP. The app keeps what did not get 200, so the acknowledgement is exact. */
export const osmand: Protocol = {
  name: 'osmand',
  port: 5055,
  served: false,
  lacks: ['readings', 'settings', 'alive', 'commands'],
  udp: false,
  ackStrength: 'exact',
  ident: 'osmand:352093081429150',
  recognise,
  session: createSession,
  device: createDevice,
  explain,
};
