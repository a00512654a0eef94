/** What systemd is told, where it asks for it by NOTIFY_SOCKET. */
import { execFile } from 'node:child_process';

/** Milliseconds that systemd-notify may take. */
const TIMEOUT = 5_000;

/**
 * Tells states such as `READY=1`; resolves at once where nobody asked. Node.js has no sockets of systemd's kind, so its
 * own program tells it, which the unit must allow by NotifyAccess=all.
 */
export function notify(...states: readonly string[]): Promise<void> {
  if (!process.env['NOTIFY_SOCKET']) return Promise.resolve();
  return new Promise((resolve, reject) => {
    execFile('systemd-notify', [`--pid=${process.pid}`, ...states], { timeout: TIMEOUT }, (error) =>
      error ? reject(new Error(`systemd-notify: ${error.message}`)) : resolve(),
    );
  });
}
