import { Type } from 'typebox';
import { type Account, sees } from '../accounts/account.js';
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

/**
 * The device of this UUID or ident, deleted or not; throws the problem that there is none. One that the account of the
 * request does not see is none: every route finds its device in here.
 */
export async function deviceOf(
  { devices }: { devices: Devices },
  account: Account,
  idOrIdent: string,
): Promise<Device> {
  const device = await devices.find(idOrIdent);
  if (!device || !sees(account, device)) throw notFound('device', idOrIdent, 'device');
  return device;
}

/** The same for changes: a deleted one must be restored first. */
export async function changeableDeviceOf(
  parts: { devices: Devices },
  account: Account,
  idOrIdent: string,
): Promise<Device> {
  const device = await deviceOf(parts, account, idOrIdent);
  if (device.deleted === null) return device;
  throw new Problem(409, `device ${JSON.stringify(idOrIdent)} is deleted; restore it first`, { field: 'device' });
}
