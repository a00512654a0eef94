import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { recognise } from './recognise.js';
import { createSession } from './session.js';

/** The trackers of SinoTrack and those who copy them. Most firmwares send a location and forget it. */
export const h02: Protocol = {
  name: 'h02',
  port: 5013,
  served: false,
  udp: true,
  ackStrength: 'none',
  lacks: ['readings', 'settings', 'alive', 'alt'],
  ident: 'h02:4109179024',
  recognise,
  session: createSession,
  device: () => createDevice(),
  explain,
};
