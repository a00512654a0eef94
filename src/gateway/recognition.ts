/** Which protocol a new connection is in, where several share a port: its first bytes tell. */
import type { Socket } from 'node:net';
import { MAX_RECOGNISED_BYTES, type Protocol } from '../../protocols/protocol.js';

/** The protocol that knows these bytes as its own; `more`: that is not decided yet; null: none does. */
export function protocolOf(first: Uint8Array, protocols: readonly Protocol[]): Protocol | 'more' | null {
  let undecided = false;
  for (const protocol of protocols) {
    const outcome = protocol.recognise(first);
    if (outcome === 'yes') return protocol;
    undecided ||= outcome === 'more';
  }
  return undecided && first.length < MAX_RECOGNISED_BYTES ? 'more' : null;
}

/**
 * Reads the first bytes of a socket, calls back once with the protocol they are in, or null, and leaves the bytes to be
 * read again. A socket that says nothing for so many milliseconds is given up without a call.
 */
export function recogniseFirst(
  socket: Socket,
  protocols: readonly Protocol[],
  timeout: number,
  recognised: (protocol: Protocol | null) => void,
): void {
  let first = Buffer.alloc(0);
  const late = setTimeout(() => socket.destroy(), timeout);
  const forget = () => clearTimeout(late);
  // A reset shows as the close it is.
  const ignore = () => {};
  const take = (bytes: Buffer) => {
    first = Buffer.concat([first, bytes]);
    const protocol = protocolOf(first, protocols);
    if (protocol !== 'more') decide(protocol);
  };
  const end = () => decide(null);
  function decide(protocol: Protocol | null): void {
    forget();
    socket.off('data', take).off('end', end).off('close', forget);
    socket.pause();
    if (protocol) {
      socket.off('error', ignore);
      socket.unshift(first);
    }
    recognised(protocol);
    socket.resume();
  }
  socket.on('data', take).on('end', end).on('close', forget).on('error', ignore);
}
