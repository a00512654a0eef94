/** What of a device's readings is not as it was acknowledged: asked of a gateway, held against the device's ledger. */
import type { GatewayProcess } from './gateway-process.js';
import { PersistentDevice } from './persistent-device.js';

interface Page {
  readonly readings: readonly { readonly time: string; readonly data: unknown }[];
  readonly next: string | null;
}

/** A sentence for each reading that is lost, doubled, altered, or was never sent. */
export async function wrongReadings(gateway: GatewayProcess, device: PersistentDevice): Promise<string[]> {
  const { ident } = device;
  const wrong: string[] = [];
  const kept = new Set<number>();
  let cursor = '';
  do {
    const page = await gateway.api<Page>(
      'GET',
      `/api/devices/${ident}/readings?type=${device.type}&order=asc&limit=1000${cursor}`,
    );
    for (const { time, data } of page.readings) {
      const n = (Date.parse(time) - PersistentDevice.date(0)) / 1_000;
      if (!device.isReading(n, data)) wrong.push(`${ident}: reading ${n} is altered: ${JSON.stringify(data)}`);
      if (kept.has(n)) wrong.push(`${ident}: reading ${n} is doubled`);
      if (n >= device.sent) wrong.push(`${ident}: reading ${n} was never sent`);
      kept.add(n);
    }
    cursor = page.next === null ? '' : `&cursor=${encodeURIComponent(page.next)}`;
  } while (cursor);
  for (let n = 0; n < device.acknowledged; n++) if (!kept.has(n)) wrong.push(`${ident}: reading ${n} is lost`);
  return wrong;
}
