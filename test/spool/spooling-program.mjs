/** Appends readings to a spool and says so after each time: `spooling-program.mjs DIRECTORY APPENDS READINGS`. */
import { writeSync } from 'node:fs';
import { openSpool } from '../../dist/src/spool/spool.js';

const [directory, appends, readings] = process.argv.slice(2);
const spool = await openSpool({ directory, maxBytes: 1 << 30, now: Date.now, onTorn: () => {} });
for (let at = 0; at < Number(appends); at++) {
  await spool.append(
    Array.from({ length: Number(readings) }, (_, n) => ({
      write: 'reading',
      id: 'dev-1',
      type: 'n',
      period: '2026-11',
      time: new Uint8Array(16),
      data: JSON.stringify(`${at * Number(readings) + n}`),
      received: 0,
      expires: 0,
    })),
  );
  writeSync(1, 'kept');
}
// No close: what a close would tidy up is not to be seen in the log.
process.exit(0);
