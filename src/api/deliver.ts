/** What is told on the bus of what was changed here. */
import type { ApiParts } from './parts.js';

/** Tells the gateways that hold connections of a device to send what waits for it, once that is durable. */
export function tellReceivers(
  { bus, clock }: Pick<ApiParts, 'bus' | 'clock'>,
  deviceId: string,
  call: 'send_settings' | 'send_commands',
): void {
  bus.publish('receivers', {
    _to: `receivers;device_id=${deviceId}`,
    _from: 'api',
    _call: call,
    _time: clock.now() / 1_000,
  });
}

/** Tells whoever listens to events that a device is another than it was, once that is durable. */
export function tellChanged({ bus, clock }: Pick<ApiParts, 'bus' | 'clock'>, deviceId: string): void {
  bus.publish('events', {
    _to: 'events',
    _from: 'api',
    _call: 'device_changed',
    _time: clock.now() / 1_000,
    device_id: deviceId,
  });
}
