/** The state of a device, as heartbeats and alarms have it: switches, voltage, signal, alarm. */

/** Values by type, as JSON text. */
type Values = readonly (readonly [type: string, data: string])[];

/** What a state says. */
export interface State {
  readonly values: Values;
  /** The alarm among the switches, 0: none. */
  readonly switched: number;
  /** The alarm of its own, 0: none. */
  readonly alarm: number;
}

/** Bytes of a state with its alarm and language. */
export const STATE_BYTES = 5;
/** Bytes of the shortest state. */
export const LEAST_STATE_BYTES = 3;

const INFO = { ignition: 1 << 1, charging: 1 << 2, gps: 1 << 6, cut: 1 << 7 } as const;

/** Reads `info:u8`, `voltage:u8`, `gsm:u8` and, where they are there, `alarm:u8` and `language:u8`. */
export function readState(bytes: Buffer): State {
  const [info = 0, voltage = 0, gsm = 0, alarm = 0] = bytes;
  const bit = (mask: number) => ((info & mask) !== 0 ? 'true' : 'false');
  return {
    values: [
      ['sen:ignition', bit(INFO.ignition)],
      ['sen:charging', bit(INFO.charging)],
      ['sen:gps_on', bit(INFO.gps)],
      ['sen:oil_cut', bit(INFO.cut)],
      ['sen:battery_steps', String(voltage)],
      ['sen:gsm', String(gsm)],
    ],
    switched: (info >> 3) & 0x07,
    alarm,
  };
}

/** The alarm of a state, as a list of one name; none where there is no alarm. */
export function alarmReadings({ switched, alarm }: State): Values {
  const name = alarm !== 0 ? (NAMES.get(alarm) ?? `code_${alarm}`) : SWITCHED[switched];
  return name === undefined ? [] : [['sen:alarm', JSON.stringify([name])]];
}

const SWITCHED = [undefined, 'vibration', 'power_cut', 'low_battery', 'sos', 'switch_5', 'switch_6', 'switch_7'];
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x01, 'sos'],
  [0x02, 'power_cut'],
  [0x03, 'vibration'],
  [0x04, 'geofence_enter'],
  [0x05, 'geofence_exit'],
  [0x06, 'overspeed'],
  [0x09, 'moved'],
  [0x0a, 'gps_dead_zone_enter'],
  [0x0b, 'gps_dead_zone_exit'],
  [0x0c, 'power_on'],
  [0x0e, 'low_external_voltage'],
]);
