/** All that is known of devices, over the real store in a directory of its own, with a clock that a test turns. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeviceOptions, type DeviceParts, openDevices } from '../../src/devices/open.js';
import { openFiles } from '../../src/files/files.js';
import { openRegistry, type Registry } from '../../src/registry/registry.js';
import { openStore } from '../../src/store/open.js';

export interface DevicesUnderTest {
  registry: Registry;
  /** Paths of nodes that were looked at, in their order; a test empties it. */
  readonly looked: string[];
  parts: DeviceParts;
  /** UNIX ms; a test sets it. */
  now: number;
  /** The same data, opened by a gateway that starts anew, perhaps configured in another way. */
  reopen(options?: Partial<DeviceOptions>): Promise<void>;
  remove(): Promise<void>;
}

export const START = 1_800_000_000_000;

export async function openDevicesUnderTest(options: Partial<DeviceOptions> = {}): Promise<DevicesUnderTest> {
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-devices-'));
  let configured = options;
  let store = await openStore({ directory, mapSize: 1 << 28 });
  const looked: string[] = [];
  const open = () => {
    const seen =
      <T>(look: (path: string) => Promise<T>) =>
      (path: string) => {
        looked.push(path);
        return look(path);
      };
    const registry = openRegistry({ ...store, node: seen(store.node), status: seen(store.status) });
    const parts = openDevices({
      registry,
      files: openFiles(registry, store),
      now: () => test.now,
      policy: 'auto',
      provisionLimit: 0,
      waitingLimit: 100,
      ...configured,
    });
    return { registry, parts };
  };
  const test: DevicesUnderTest = {
    now: START,
    looked,
    ...{ registry: undefined as never, parts: undefined as never },
    async reopen(changed = {}) {
      configured = { ...configured, ...changed };
      await store.close();
      store = await openStore({ directory, mapSize: 1 << 28 });
      Object.assign(test, open());
    },
    async remove() {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return Object.assign(test, open());
}

export const FROM = { protocol: 'm2mp', source: '192.0.2.7:51000' };

/** A device that identified itself. */
export async function identified(test: DevicesUnderTest, ident = 'imei:123456789012345'): Promise<string> {
  const result = await test.parts.identify(ident, FROM);
  if (!result.accepted) throw new Error(result.why);
  return result.device.id;
}
