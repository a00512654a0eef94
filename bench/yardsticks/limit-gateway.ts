/**
 * The least a durable M2MP gateway can do, as a yardstick: it frames, parses with binary-parser, puts one LMDB row a
 * reading, flushes once at a time for all connections, and answers pings after it. No devices, no checks, no limits.
 * Usage: node limit-gateway.js DIRECTORY; prints its port.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Parser } from 'binary-parser';
import { open } from 'lmdb';

const location = new Parser().endianness('big').uint32('time').floatbe('lat').floatbe('lon').uint16('spd').int16('alt');
const db = open<Buffer, Buffer>({
  path: process.argv[2] ?? 'data',
  noSubdir: false,
  overlappingSync: false,
  keyEncoding: 'binary',
  encoding: 'binary',
  mapSize: 16e9,
});
let waiting: [Socket, Buffer][] = [];
let flushing = false;
let last: Promise<boolean> | undefined;
let connections = 0;

function flush(): void {
  if (flushing || waiting.length === 0) return;
  flushing = true;
  const answers = waiting;
  waiting = [];
  Promise.all([last, db.flushed]).then(() => {
    for (const [socket, ping] of answers) socket.write(ping);
    flushing = false;
    flush();
  });
}

const server = createServer((socket) => {
  const prefix = Buffer.alloc(16, 7);
  prefix.writeUInt32BE(++connections, 0);
  let rest: Buffer | null = null;
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    const bytes: Buffer = rest ? Buffer.concat([rest, chunk]) : chunk;
    let at = 0;
    while (at + 1 < bytes.length) {
      const type = bytes[at];
      const length = bytes[at + 1] ?? 0;
      const end = type === 2 ? at + 2 : at + 2 + length;
      if (end > bytes.length) break;
      if (type === 1) socket.write(Buffer.from([1, 1]));
      else if (type === 2) waiting.push([socket, Buffer.from([2, length])]);
      else if (type === 0x21 && length === 17) {
        const { time, lat, lon, spd, alt } = location.parse(bytes.subarray(at + 3, end));
        const value = Buffer.from(JSON.stringify({ lat, lon, spd, alt }));
        const key = Buffer.alloc(37);
        prefix.copy(key);
        key[16] = 1;
        key.writeUInt32BE(202_611, 17);
        key.writeUInt32BE(time, 21);
        value.copy(key, 25, 0, 12);
        last = db.put(key, value);
      }
      at = end;
    }
    rest = at < bytes.length ? bytes.subarray(at) : null;
    flush();
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
