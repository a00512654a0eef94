/** A bare net.Server that frames M2MP and answers, as a yardstick: nothing is stored. Prints its port. */
import { type AddressInfo, createServer } from 'node:net';

const server = createServer((socket) => {
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
      else if (type === 2) socket.write(Buffer.from([2, length]));
      at = end;
    }
    rest = at < bytes.length ? bytes.subarray(at) : null;
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
