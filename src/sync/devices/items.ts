/** Devices on their way into an index: each described as it is, dated with the moment before that. */
import type { Client } from '@opensearch-project/opensearch';
import type { Devices } from '../../devices/devices.js';
import { type DescribeParts, describeDevice } from '../../search/described.js';
import { type BulkItem, sendBulk } from '../bulk.js';
import { deviceDocument } from './documents.js';

export interface DeviceItemParts extends DescribeParts {
  readonly client: Client;
  readonly prefix: string;
  readonly devices: Devices;
  /** UNIX ms. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
  /** Told of each device that the index takes (null) or refuses, and why. */
  readonly onOutcome: (deviceId: string, why: string | null) => void;
}

/** Devices described and sent at once. */
export const DEVICES_AT_ONCE = 200;

/** The devices as they are; one that is deleted, or is none, is to be deleted. */
export function itemsOf(parts: DeviceItemParts, ids: readonly string[], index: string): Promise<BulkItem[]> {
  return Promise.all(ids.map((id) => itemOf(parts, id, index)));
}

async function itemOf(parts: DeviceItemParts, id: string, index: string): Promise<BulkItem> {
  const at = parts.now();
  const device = await parts.devices.get(id);
  const guard = { by: 'version', version: at * 1_000, orEqual: true } as const;
  if (!device || device.deleted !== null) return { index, id, source: null, guard };
  const document = deviceDocument(await describeDevice(parts, device, at));
  return { index, id, source: { ...document, indexed: at * 1_000 }, guard };
}

/** Resolves to how many were written: what is newer in the index stays. */
export async function putItems(parts: DeviceItemParts, items: readonly BulkItem[]): Promise<number> {
  const outcomes = await sendBulk(parts.client, items, parts);
  outcomes.forEach((given, at) => {
    parts.onOutcome(items[at]?.id ?? '', given.outcome === 'refused' ? given.why : null);
  });
  return outcomes.filter(({ outcome }) => outcome === 'done').length;
}

/** Ids of all devices, page by page. */
export async function* deviceIds(devices: Devices, deleted: boolean): AsyncIterable<string[]> {
  let after: string | null | undefined;
  while (after !== null) {
    const page = await devices.list({ after, limit: DEVICES_AT_ONCE, deleted });
    if (page.devices.length > 0) yield page.devices.map(({ id }) => id);
    after = page.next;
  }
}
