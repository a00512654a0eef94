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
