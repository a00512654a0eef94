/** Puts together all that is known of devices, over one registry. */
import { v7 } from 'uuid';
import { type Domains, openDomains } from '../accounts/domains.js';
import { openUsers, type Users } from '../accounts/users.js';
import type { Files } from '../files/files.js';
import type { Registry } from '../registry/registry.js';
import { type ChannelTranslation, openChannelTranslation } from './channel-translation.js';
import { type Commands, openCommands } from './commands.js';
import { deviceChanger } from './device.js';
import { type Devices, openDeviceTree } from './devices.js';
import { type Firmware, openFirmware } from './firmware.js';
import { type ListedSensors, openListedSensors } from './listed-sensors.js';
import { openPresence, type Presence } from './presence.js';
import { openProvisioning, type Policy, type Provisioning } from './provisioning.js';
import { openSettings, type Settings } from './settings.js';
import { openStatus, type Status } from './status.js';
import { createTurns, type Turns } from './turns.js';
import { openWaitingRoom, type WaitingRoom } from './waiting-room.js';

export interface DeviceOptions {
  readonly registry: Registry;
  readonly files: Files;
  /** Where changes take turns with those of other threads or processes; by default there are none. */
  readonly turns?: Turns;
  /** UNIX ms. */
  readonly now: () => number;
  readonly policy: Policy;
  /** New devices per address and minute at the most; 0: no limit. */
  readonly provisionLimit: number;
  /** Idents in the waiting room at the most. */
  readonly waitingLimit: number;
  /** Makes a UUID; by default of version 7, in the order of time. */
  readonly newId?: () => string;
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
  readonly presence: Presence;
  readonly domains: Domains;
  readonly users: Users;
}

export function openDevices({
  registry,
  files,
  now,
  turns = createTurns(),
  newId = v7,
  ...options
}: DeviceOptions): DeviceParts {
  const change = deviceChanger(registry, turns);
  const domains = openDomains({ registry, turns, now, newId });
  const users = openUsers({ registry, turns, now, newId }, domains);
  const devices = openDeviceTree({ registry, turns, change, domains, users, now });
  const waitingRoom = openWaitingRoom({ registry, turns, devices, now, limit: options.waitingLimit });
  const { policy, provisionLimit } = options;
  const { identify } = openProvisioning({ devices, waitingRoom, policy, provisionLimit, now });
  return {
    identify,
    devices,
    waitingRoom,
    settings: openSettings({ registry, change, now }),
    commands: openCommands({ registry, change, now, newId }),
    status: openStatus(registry, change),
    listedSensors: openListedSensors({ registry, change }),
    channelTranslation: openChannelTranslation({ registry, turns, change }),
    firmware: openFirmware({ registry, files, turns, newId }),
    presence: openPresence(registry, now),
    domains,
    users,
  };
}
