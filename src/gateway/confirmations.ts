import type { Confirmation, Oddity } from '../../protocols/protocol.js';
import type { GatewayParts } from './gateway.js';

/** What was odd about a confirmation. */
export interface Odd {
  readonly what: Oddity;
  readonly why: string;
}

/** Carries out what a device confirms or reports; resolves, when it is durable, to what was odd about it or null. */
export async function confirm(parts: GatewayParts, deviceId: string, what: Confirmation): Promise<Odd | null> {
  switch (what.kind) {
    case 'settingReported':
      return malformed(await parts.settings.reported(deviceId, what.name, what.value));
    case 'settingUnknown':
      await parts.settings.unknown(deviceId, what.name);
      return null;
    case 'status':
      return malformed(await parts.status.set(deviceId, what.name, what.value));
    case 'commandDone': {
      const known = await parts.commands.done(deviceId, what.id, what.response);
      return known ? null : { what: 'unknown_command', why: `command ${what.id} is not one of this device` };
    }
  }
}

function malformed(why: string | null): Odd | null {
  return why === null ? null : { what: 'malformed', why };
}
