import type { Registry } from '../registry/registry.js';
import { type ChangeDevice, deviceChild, deviceValues } from './device.js';
import { nameProblem, valueProblem } from './text.js';

/** What a device says about itself, by name: `cap` is the comma-separated list of what it can do. */
export interface Status {
  /** In the order of names. */
  list(deviceId: string): Promise<{ name: string; value: string }[]>;
  /** Resolves, durable, to null, or why it is not kept: a name that is none, or one more than `MAX_STATUS`. */
  set(deviceId: string, name: string, value: string): Promise<string | null>;
  capabilitiesKnown(deviceId: string): Promise<boolean>;
  /** What the device can do; empty when that is not known. */
  capabilities(deviceId: string): Promise<string[]>;
}

/** Status values of one device at the most. */
export const MAX_STATUS = 1_000;

const CAPABILITIES = 'cap';

export function openStatus(registry: Registry, change: ChangeDevice): Status {
  const values = (deviceId: string) => deviceValues(registry, deviceId, 'status');

  async function set(deviceId: string, name: string, value: string): Promise<string | null> {
    const problem = nameProblem('name of a status', name) ?? valueProblem(`value of the status ${name}`, value);
    if (problem !== null) return problem;
    return change(deviceId, async () => {
      const before = await values(deviceId);
      if (before.get(name) === value) return null;
      if (!before.has(name) && before.size >= MAX_STATUS) return `More than ${MAX_STATUS} status values`;
      await registry.set(deviceChild(deviceId, 'status'), { [name]: value });
      return null;
    });
  }

  return {
    list: async (deviceId) => [...(await values(deviceId))].sort(byName).map(([name, value]) => ({ name, value })),
    set,
    capabilitiesKnown: async (deviceId) => (await values(deviceId)).has(CAPABILITIES),
    capabilities: async (deviceId) =>
      ((await values(deviceId)).get(CAPABILITIES) ?? '')
        .split(',')
        .map((capability) => capability.trim())
        .filter((capability) => capability !== ''),
  };
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
