import type { Device } from './device.js';
import type { Devices } from './devices.js';
import { identProblem } from './ident.js';
import { addressOf, createProvisionLimit } from './provision-limit.js';
import type { Caller, WaitingRoom } from './waiting-room.js';

export type { Caller } from './waiting-room.js';

/** Who may identify as what. */
export interface Provisioning {
  /**
   * Takes a device that says who it is; resolves when the device is durable. Rejects only when the store failed: then
   * nothing may be answered.
   */
  identify(ident: string, from: Caller): Promise<Identification>;
}

export type Identification =
  | { readonly accepted: true; readonly device: Device }
  /** `malformed`: no ident; `unknown`: waits to be admitted; `limit`: too many new devices from this address. */
  | { readonly accepted: false; readonly reason: 'malformed' | 'unknown' | 'limit'; readonly why: string };

/** `auto`: every device, new ones are created; `known`: only known ones, the others wait to be admitted. */
export type Policy = 'auto' | 'known';

export interface ProvisioningOptions {
  readonly devices: Devices;
  readonly waitingRoom: WaitingRoom;
  readonly policy: Policy;
  /** New devices per address and minute at the most; 0: no limit. */
  readonly provisionLimit: number;
  /** UNIX ms. */
  readonly now: () => number;
}

export function openProvisioning(options: ProvisioningOptions): Provisioning {
  const { devices, waitingRoom, policy, now } = options;
  const limit = createProvisionLimit(options.provisionLimit);

  return {
    async identify(ident, from) {
      const problem = identProblem(ident);
      if (problem !== null) return { accepted: false, reason: 'malformed', why: problem };
      const known = await devices.byIdent(ident);
      if (known?.deleted === null) {
        // It may have become known in another way than by being admitted.
        if (policy === 'known') await waitingRoom.dismiss(ident);
        return { accepted: true, device: await devices.connected(known) };
      }
      if (policy === 'known') {
        await waitingRoom.note(ident, from);
        const why = known ? 'the device is deleted, it waits to be admitted' : 'not known, it waits to be admitted';
        return { accepted: false, reason: 'unknown', why };
      }
      if (!known && !limit.take(addressOf(from.source), now())) {
        const why = `more than ${options.provisionLimit} new devices from this address within a minute`;
        return { accepted: false, reason: 'limit', why };
      }
      return { accepted: true, device: await devices.connected(await devices.create(ident, now())) };
    },
  };
}
