/** Sensors that a device announced by name, as `lsen:<name>`. */
export interface ListedSensors {
  list(deviceId: string): Promise<ListedSensor[]>;
  /** Notes that a sensor spoke; what a minute ago was noted is not written again. Resolves when it is durable. */
  mark(deviceId: string, name: string, now: number): Promise<void>;
}

export interface ListedSensor {
  readonly name: string;
  /** First and last mark, UNIX ms; the last one is right to a minute. */
  readonly created: number | null;
  readonly last: number | null;
}
