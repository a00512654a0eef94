import type { Confirmation } from '../../protocols/protocol.js';
import type { GatewayParts } from './gateway.js';

/** Carries out what a device confirms or reports; resolves when it is durable, to what was odd about it or null. */
export async function confirm(parts: GatewayParts, deviceId: string, what: Confirmation): Promise<string | null> {
  switch (what.kind) {
    case 'settingReported':
      await parts.settings.reported(deviceId, what.name, what.value);
      return null;
    case 'settingUnknown':
      await parts.settings.unknown(deviceId, what.name);
      return null;
    case 'status':
      await parts.status.set(deviceId, what.name, what.value);
      return null;
    case 'commandDone': {
      const known = await parts.commands.done(deviceId, what.id, what.response);
      return known ? null : `command ${what.id} is not one of this device`;
    }
  }
}
