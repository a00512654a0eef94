/** Writes capture files, as tcpdump and Wireshark do: the inverse of what is tested, kept as plain as can be. */
export interface WrittenSegment {
  /** UNIX ms. */
  readonly time: number;
  readonly fromClient: boolean;
  readonly sequence: number;
  readonly flags: number;
  readonly payload: Buffer;
}

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

export type Link = 'ethernet' | 'vlan' | 'cooked' | 'cooked2' | 'loopback' | 'raw';
const LINKS: Readonly<Record<Link, number>> = {
  ethernet: 1,
  vlan: 1,
  cooked: 113,
  cooked2: 276,
  loopback: 0,
  raw: 101,
};

export interface WrittenDatagram {
  /** UNIX ms. */
  readonly time: number;
  readonly fromClient: boolean;
  readonly payload: Buffer;
}

export function datagramPacket(datagram: WrittenDatagram, link: Link, version: 4 | 6): Buffer {
  const udp = Buffer.alloc(8);
  const [source, target] = portsOf(datagram);
  udp.writeUInt16BE(source, 0);
  udp.writeUInt16BE(target, 2);
  udp.writeUInt16BE(8 + datagram.payload.length, 4);
  return packetWith(17, Buffer.concat([udp, datagram.payload]), datagram, link, version);
}

export function packet(segment: WrittenSegment, link: Link, version: 4 | 6): Buffer {
  const [source, target] = portsOf(segment);
  const tcp = Buffer.alloc(20);
  tcp.writeUInt16BE(source, 0);
  tcp.writeUInt16BE(target, 2);
  tcp.writeUInt32BE(segment.sequence >>> 0, 4);
  tcp.writeUInt8(5 << 4, 12);
  tcp.writeUInt8(segment.flags, 13);
  return packetWith(6, Buffer.concat([tcp, segment.payload]), segment, link, version);
}

function portsOf({ fromClient }: { readonly fromClient: boolean }): readonly [number, number] {
  return fromClient ? [40_000, 3_010] : [3_010, 40_000];
}

function packetWith(
  protocol: number,
  inside: Buffer,
  { fromClient }: { readonly fromClient: boolean },
  link: Link,
  version: 4 | 6,
): Buffer {
  const [client, server] = [1, 2];
  const ends = fromClient ? [client, server] : [server, client];
  const ip = version === 4 ? ipv4(protocol, inside.length, ends) : ipv6(protocol, inside.length, ends);
  const type = Buffer.from(version === 4 ? [0x08, 0x00] : [0x86, 0xdd]);
  const before: Readonly<Record<Link, Buffer>> = {
    ethernet: Buffer.concat([Buffer.alloc(12), type]),
    vlan: Buffer.concat([Buffer.alloc(12), Buffer.from([0x81, 0x00, 0, 7]), type]),
    cooked: Buffer.concat([Buffer.alloc(14), type]),
    cooked2: Buffer.concat([type, Buffer.alloc(18)]),
    loopback: Buffer.from([2, 0, 0, 0]),
    raw: Buffer.alloc(0),
  };
  // Ethernet pads what is short.
  const padding = link === 'ethernet' ? Buffer.alloc(Math.max(0, 46 - ip.length - inside.length)) : Buffer.alloc(0);
  return Buffer.concat([before[link], ip, inside, padding]);
}

function ipv4(protocol: number, length: number, [from = 0, to = 0]: readonly number[]): Buffer {
  const ip = Buffer.alloc(20);
  ip.writeUInt8(0x45, 0);
  ip.writeUInt16BE(20 + length, 2);
  ip.writeUInt8(protocol, 9);
  ip.set([192, 0, 2, from, 192, 0, 2, to], 12);
  return ip;
}

/** With an extension header, as some networks have it. */
function ipv6(protocol: number, length: number, [from = 0, to = 0]: readonly number[]): Buffer {
  const ip = Buffer.alloc(48);
  ip.writeUInt8(0x60, 0);
  ip.writeUInt16BE(8 + length, 4);
  ip.writeUInt8(0, 6);
  ip.writeUInt8(from, 23);
  ip.writeUInt8(to, 39);
  ip.writeUInt8(protocol, 40);
  return ip;
}

export function pcap(
  packets: readonly { time: number; bytes: Buffer }[],
  link: Link,
  { little = true, nano = false } = {},
): Buffer {
  const u32 = (value: number) => {
    const bytes = Buffer.alloc(4);
    if (little) bytes.writeUInt32LE(value);
    else bytes.writeUInt32BE(value);
    return bytes;
  };
  const header = [u32(nano ? 0xa1b23c4d : 0xa1b2c3d4), u32(0), u32(0), u32(0), u32(262_144), u32(LINKS[link])];
  const records = packets.flatMap(({ time, bytes }) => [
    u32(Math.floor(time / 1_000)),
    u32((time % 1_000) * (nano ? 1e6 : 1e3)),
    u32(bytes.length),
    u32(bytes.length),
    bytes,
  ]);
  return Buffer.concat([...header, ...records]);
}

export function pcapng(
  packets: readonly { time: number; bytes: Buffer }[],
  link: Link,
  { little = true } = {},
): Buffer {
  const number = (size: 2 | 4, value: number) => {
    const bytes = Buffer.alloc(size);
    if (little) bytes.writeUIntLE(value, 0, size);
    else bytes.writeUIntBE(value, 0, size);
    return bytes;
  };
  const block = (type: Buffer, ...parts: Buffer[]) => {
    const content = Buffer.concat(parts);
    const padded = Buffer.concat([content, Buffer.alloc((4 - (content.length % 4)) % 4)]);
    const length = number(4, 12 + padded.length);
    return Buffer.concat([type, length, padded, length]);
  };
  const section = block(
    Buffer.from('0a0d0d0a', 'hex'),
    number(4, 0x1a2b3c4d),
    number(2, 1),
    number(2, 0),
    Buffer.alloc(8, 0xff),
  );
  const milliseconds = Buffer.concat([number(2, 9), number(2, 1), Buffer.from([3, 0, 0, 0]), number(4, 0)]);
  const from = block(number(4, 1), number(2, LINKS[link]), number(2, 0), number(4, 0), milliseconds);
  const unknown = block(number(4, 0x0bad), Buffer.from('whatever'));
  const all = packets.map(({ time, bytes }) =>
    block(
      number(4, 6),
      number(4, 0),
      number(4, Math.floor(time / 2 ** 32)),
      number(4, time % 2 ** 32),
      number(4, bytes.length),
      number(4, bytes.length),
      bytes,
    ),
  );
  return Buffer.concat([section, from, unknown, ...all]);
}
