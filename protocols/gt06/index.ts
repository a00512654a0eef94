import type { Protocol } from '../protocol.js';
import { createDevice } from './device.js';
import { explain } from './explain.js';
import { recognise } from './recognise.js';
import { createSession } from './session.js';

/**
 * The trackers of Concox, Jimi and those who copy them. Only devices that are configured to wait for answers keep a
 * location until it is answered; most send it and forget.
 */
export const gt06: Protocol = {
  name: 'gt06',
  port: 5023,
  served: false,
  udp: false,
  ackStrength: 'optional',
  lacks: ['readings', 'settings', 'alive', 'alt'],
  ident: 'imei:490154203237518',
  recognise,
  session: createSession,
  device: () => createDevice(),
  explain,
};
