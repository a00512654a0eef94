import { Type } from 'typebox';
import type { Device } from '../devices/device.js';
import type { Devices } from '../devices/devices.js';
import { notFound, Problem } from './problem.js';

/** The part of a path that names a device. */
export const DeviceParams = Type.Object({
  device: Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'the UUID or the ident of a device',
    examples: ['imei:490154203237518'],
  }),
});

/** The device of this UUID or ident, deleted or not; throws the problem that there is none. */
export async function deviceOf({ devices }: { devices: Devices }, idOrIdent: string): Promise<Device> {
  const device = await devices.find(idOrIdent);
  if (!device) throw notFound('device', idOrIdent, 'device');
  return device;
}

/** The same for changes: a deleted one must be restored first. */
export async function changeableDeviceOf(parts: { devices: Devices }, idOrIdent: string): Promise<Device> {
  const device = await deviceOf(parts, idOrIdent);
  if (device.deleted === null) return device;
  throw new Problem(409, `device ${JSON.stringify(idOrIdent)} is deleted; restore it first`, { field: 'device' });
}
