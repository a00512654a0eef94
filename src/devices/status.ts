/** What a device says about itself, by name: `cap` is the comma-separated list of what it can do. */
export interface Status {
  /** In the order of names. */
  list(deviceId: string): Promise<{ name: string; value: string }[]>;
  /** Resolves, durable, to null, or why it is not kept: a name that is none, or one more than `MAX_STATUS`. */
  set(deviceId: string, name: string, value: string): Promise<string | null>;
  capabilitiesKnown(deviceId: string): Promise<boolean>;
  /** What the device can do; empty when that is not known. */
  capabilities(deviceId: string): Promise<string[]>;
}
