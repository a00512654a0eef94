/** Readings as they become durable, for whoever listens to the bus topic `events`: nothing is built while nobody does. */
import type { Bus } from '../bus/bus.js';
import type { Device } from '../devices/device.js';
import { formatUuid, uuidTime } from '../series/time-uuid.js';
import type { ReadingWrite } from '../store/store.js';

export interface Live {
  /** Whether anybody listens. */
  wanted(): boolean;
  /** Tells of a reading that is durable. */
  stored(device: Device, write: ReadingWrite): void;
}

export function createLive(bus: Bus, address: string): Live {
  return {
    wanted: () => bus.listeners('events') > 0,
    stored: (device, write) =>
      bus.publish('events', {
        _to: 'events',
        _from: address,
        _call: 'reading_stored',
        _time: write.received / 1_000,
        device_id: device.id,
        ident: device.ident,
        type: write.type,
        time: uuidTime(write.time),
        data: write.data,
        id: formatUuid(write.time),
      }),
  };
}
