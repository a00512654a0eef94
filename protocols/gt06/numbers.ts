/** Protocol numbers: what a packet is. */
export const PROTOCOL = {
  login: 0x01,
  heartbeat: 0x13,
  text: 0x15,
  encodedText: 0x21,
  extendedHeartbeat: 0x23,
  command: 0x80,
  time: 0x8a,
  information: 0x94,
} as const;

/** Packets that are a location, and those that are an alarm with one. */
export const LOCATIONS: ReadonlySet<number> = new Set([0x10, 0x11, 0x12, 0x22, 0x2d, 0x37]);
export const ALARMS: ReadonlySet<number> = new Set([0x16, 0x26, 0x27]);
/** The location whose packet goes on with ignition, mode and mileage. */
export const EXTENDED_LOCATION = 0x22;

/** A protocol number as documents write it: two hex digits. */
export function numberText(protocol: number): string {
  return protocol.toString(16).padStart(2, '0');
}
