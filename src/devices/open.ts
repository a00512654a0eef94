/** Puts together all that is known of devices, over one registry. */
import type { Files } from '../files/files.js';
import type { Registry } from '../registry/registry.js';
import type { ChannelTranslation } from './channel-translation.js';
import type { Commands } from './commands.js';
import type { Devices } from './devices.js';
import type { Firmware } from './firmware.js';
import type { ListedSensors } from './listed-sensors.js';
import type { Policy, Provisioning } from './provisioning.js';
import type { Settings } from './settings.js';
import type { Status } from './status.js';
import type { WaitingRoom } from './waiting-room.js';

export interface DeviceOptions {
  readonly registry: Registry;
  readonly files: Files;
  /** UNIX ms. */
  readonly now: () => number;
  readonly policy: Policy;
  /** New devices per address and minute at the most; 0: no limit. */
  readonly provisionLimit: number;
  /** Idents in the waiting room at the most. */
  readonly waitingLimit: number;
}

export interface DeviceParts {
  readonly identify: Provisioning['identify'];
  readonly devices: Devices;
  readonly waitingRoom: WaitingRoom;
  readonly settings: Settings;
  readonly commands: Commands;
  readonly status: Status;
  readonly listedSensors: ListedSensors;
  readonly channelTranslation: ChannelTranslation;
  readonly firmware: Firmware;
}

export declare function openDevices(options: DeviceOptions): DeviceParts;
