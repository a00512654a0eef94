/** What of a stream was received and not read yet, in one piece. */

/** Bytes that may wait behind a message whose outcome is awaited; the gateway does not read the socket meanwhile. */
export const MAX_WAITING_BYTES = 1_048_576;

export class Unread {
  /** From the first byte that was not read. */
  bytes: Buffer = NOTHING;
  /** Place of that byte in the stream. */
  at = 0;
  /** Whether more waits than may wait: nothing more is taken. */
  overfull = false;

  push(chunk: Uint8Array): void {
    if (this.bytes.length > 0 && this.bytes.length + chunk.length > MAX_WAITING_BYTES) this.overfull = true;
    if (this.overfull) return;
    const added = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.bytes = this.bytes.length > 0 ? Buffer.concat([this.bytes, added]) : added;
  }

  /** Takes so many bytes from the front. */
  take(length: number): Buffer {
    const taken = this.bytes.subarray(0, length);
    this.bytes = this.bytes.subarray(length);
    this.at += length;
    return taken;
  }

  /** Lets go of what was read: an idle connection must not keep a whole chunk for the few bytes that are left. */
  release(): void {
    this.bytes = this.bytes.length === 0 ? NOTHING : Buffer.from(this.bytes);
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
