/** A device as the registry knows it: `/device/<id>/`, see docs/data-model.md. */
export interface Device {
  /** UUID, lower case. */
  readonly id: string;
  readonly ident: string;
  /** UUID of its domain, or null. */
  readonly domain: string | null;
  /** UUID of the user it belongs to, or null. */
  readonly owner: string | null;
  /** What people call it, or null. */
  readonly name: string | null;
  /** When it identified itself for the first time, UNIX ms; null: never yet, or not known. */
  readonly firstConnection: number | null;
  /** When it was marked as deleted, UNIX ms; null: it is not. */
  readonly deleted: number | null;
}

/** The id of the time series that holds a device's readings. */
export function seriesOf(deviceId: string): string {
  return `dev-${deviceId}`;
}
