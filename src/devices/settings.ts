import { timeValue } from '../registry/entity.js';
import type { Edit, Registry } from '../registry/registry.js';
import { type ChangeDevice, deviceChild, deviceValues } from './device.js';
import { Refusal } from './refusal.js';
import { checkLine, checkWord, nameProblem, valueProblem } from './text.js';

/**
 * What a device is configured to be. A desired value waits in `settings-to-send` until the device reports just that;
 * `settings` holds what was desired or reported last. All changes resolve when they are durable.
 */
export interface Settings {
  /** In the order of names. */
  list(deviceId: string): Promise<DeviceSetting[]>;
  /** What waits to be sent. */
  pending(deviceId: string): Promise<{ name: string; value: string }[]>;
  /** Whether any setting is known. */
  hasAny(deviceId: string): Promise<boolean>;
  /** Desires a value. Rejects with a `Refusal`: `invalid` for a name or value that no device could take, `full`. */
  set(deviceId: string, name: string, value: string): Promise<void>;
  setMany(deviceId: string, settings: readonly { readonly name: string; readonly value: string }[]): Promise<void>;
  /** Forgets a setting; resolves to whether it was known. */
  remove(deviceId: string, name: string): Promise<boolean>;
  /**
   * The device says what a setting is. Resolves to null, or why it is not kept: a name that is none, or one more than
   * `MAX_SETTINGS`.
   */
  reported(deviceId: string, name: string, value: string): Promise<string | null>;
  /** The device does not know a setting: it is forgotten. */
  unknown(deviceId: string, name: string): Promise<void>;
}

export interface DeviceSetting {
  readonly name: string;
  /** What was desired or reported last. */
  readonly value: string;
  /** What waits to be acknowledged, or null. */
  readonly pending: string | null;
  /** When the device acknowledged the desired value, UNIX ms, or null. */
  readonly acknowledged: number | null;
}

/** Settings of one device at the most. */
export const MAX_SETTINGS = 1_000;

export interface SettingsOptions {
  readonly registry: Registry;
  readonly change: ChangeDevice;
  /** UNIX ms. */
  readonly now: () => number;
}

export function openSettings({ registry, change, now }: SettingsOptions): Settings {
  const known = (deviceId: string) => deviceValues(registry, deviceId, 'settings');
  const toSend = (deviceId: string) => deviceValues(registry, deviceId, 'settings-to-send');

  async function list(deviceId: string): Promise<DeviceSetting[]> {
    const [values, pending, acknowledged] = await Promise.all([
      known(deviceId),
      toSend(deviceId),
      deviceValues(registry, deviceId, 'settings-ack-time'),
    ]);
    const names = [...new Set([...values.keys(), ...pending.keys()])].sort();
    return names.map((name) => ({
      name,
      value: values.get(name) ?? pending.get(name) ?? '',
      pending: pending.get(name) ?? null,
      acknowledged: timeValue(acknowledged.get(name)),
    }));
  }

  async function pending(deviceId: string): Promise<{ name: string; value: string }[]> {
    return [...(await toSend(deviceId))].map(([name, value]) => ({ name, value }));
  }

  async function setMany(deviceId: string, settings: readonly { name: string; value: string }[]): Promise<void> {
    for (const { name, value } of settings) {
      checkWord('name of a setting', name);
      checkLine(`value of the setting ${name}`, value);
    }
    const values = Object.fromEntries(settings.map(({ name, value }) => [name, value]));
    const names = Object.keys(values);
    await change(deviceId, async () => {
      const before = await known(deviceId);
      const size = new Set([...before.keys(), ...names]).size;
      if (size > MAX_SETTINGS && size > before.size)
        throw new Refusal('full', `Too many settings: ${size}, a device has at most ${MAX_SETTINGS}`);
      await registry.edit([
        { edit: 'set', path: deviceChild(deviceId, 'settings-to-send'), values },
        { edit: 'set', path: deviceChild(deviceId, 'settings'), values },
        { edit: 'unset', path: deviceChild(deviceId, 'settings-ack-time'), names },
      ]);
    });
  }

  function remove(deviceId: string, name: string): Promise<boolean> {
    return change(deviceId, async () => {
      const [values, waiting] = await Promise.all([known(deviceId), toSend(deviceId)]);
      if (!values.has(name) && !waiting.has(name)) return false;
      const children = ['settings-to-send', 'settings', 'settings-ack-time'] as const;
      await registry.edit(
        children.map((child) => ({ edit: 'unset', path: deviceChild(deviceId, child), names: [name] })),
      );
      return true;
    });
  }

  async function reported(deviceId: string, name: string, value: string): Promise<string | null> {
    const problem = nameProblem('name of a setting', name) ?? valueProblem(`value of the setting ${name}`, value);
    if (problem !== null) return problem;
    return change(deviceId, async () => {
      const [values, waiting] = await Promise.all([known(deviceId), toSend(deviceId)]);
      if (!values.has(name) && values.size >= MAX_SETTINGS) return `More than ${MAX_SETTINGS} settings`;
      const edits: Edit[] = [];
      if (values.get(name) !== value)
        edits.push({ edit: 'set', path: deviceChild(deviceId, 'settings'), values: { [name]: value } });
      if (waiting.get(name) === value)
        edits.push(
          { edit: 'set', path: deviceChild(deviceId, 'settings-ack-time'), values: { [name]: String(now()) } },
          { edit: 'unset', path: deviceChild(deviceId, 'settings-to-send'), names: [name] },
        );
      if (edits.length > 0) await registry.edit(edits);
      return null;
    });
  }

  return {
    list,
    pending,
    hasAny: async (deviceId) => (await known(deviceId)).size > 0,
    set: (deviceId, name, value) => setMany(deviceId, [{ name, value }]),
    setMany,
    remove,
    reported,
    unknown: async (deviceId, name) => {
      await remove(deviceId, name);
    },
  };
}
