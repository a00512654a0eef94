/** Ids of the messages that are understood, and results of answers. */
export const MESSAGE = {
  // From the terminal.
  answer: 0x0001,
  heartbeat: 0x0002,
  logOut: 0x0003,
  register: 0x0100,
  authenticate: 0x0102,
  parameters: 0x0104,
  attributes: 0x0107,
  time: 0x0109,
  location: 0x0200,
  askedLocation: 0x0201,
  batch: 0x0704,
  // From the platform.
  platformAnswer: 0x8001,
  registered: 0x8100,
  setParameters: 0x8103,
  askParameters: 0x8104,
  control: 0x8105,
  timeIs: 0x8109,
  askLocation: 0x8201,
  text: 0x8300,
} as const;

/** Results of `8001` and `0001`. */
export const RESULT = { ok: 0, failed: 1, wrong: 2, notSupported: 3 } as const;
/** Results of `8100`. */
export const REGISTRATION = { ok: 0, noSuchVehicle: 2, noSuchTerminal: 4 } as const;

/** A result in words, for a person. */
export function resultText(result: number): string {
  return ['ok', 'failed', 'wrong message', 'not supported'][result] ?? `result ${result}`;
}

/** An id as the standard writes it: four hex digits. */
export function idText(id: number): string {
  return id.toString(16).padStart(4, '0');
}
