/** Files for devices, by name. */
export interface Firmware {
  /** In the order of names. */
  list(): Promise<FirmwareFile[]>;
  find(name: string): Promise<FirmwareFile | null>;
  /** Up to `size` bytes from `offset`, fewer at the end, none past it; null: no such file. */
  readAt(name: string, offset: number, size: number): Promise<Uint8Array | null>;
  /** Stores content under a name, in place of what had it; resolves when it is durable. */
  add(name: string, content: AsyncIterable<Uint8Array>): Promise<FirmwareFile>;
  /** Resolves to whether there was such a file. */
  remove(name: string): Promise<boolean>;
}

export interface FirmwareFile {
  readonly name: string;
  /** UUID; other content is another id. */
  readonly id: string;
  /** Bytes. */
  readonly size: number;
}
