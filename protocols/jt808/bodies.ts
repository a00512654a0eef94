/** Bodies of messages that tell what a terminal is: registration, authentication, attributes. */
import { Parser } from 'binary-parser';
import { readDigits } from '../bcd.js';
import { readGbk } from './gbk.js';

/** What a terminal says of itself, by the name of the status it is kept under; texts that are empty are left out. */
export type Facts = readonly (readonly [name: string, value: string])[];

/** Registration. The model has 8 bytes in 2011, 20 in 2013, and in 2019 all three are longer. */
const registration = (maker: number, model: number, terminal: number) =>
  new Parser()
    .endianness('big')
    .uint16('province')
    .uint16('city')
    .buffer('maker', { length: maker })
    .buffer('model', { length: model })
    .buffer('terminal', { length: terminal })
    .uint8('colour')
    .buffer('plate', { readUntil: 'eof' });
const FORMS = [
  { bytes: 76, since2019: true, layout: registration(11, 30, 30) },
  { bytes: 37, since2019: false, layout: registration(5, 20, 7) },
  { bytes: 25, since2019: false, layout: registration(5, 8, 7) },
] as const;

/** What a registration says, or null: it is too short for one. */
export function readRegistration(body: Buffer, since2019: boolean): Facts | null {
  const form = FORMS.find((one) => one.since2019 === since2019 && body.length >= one.bytes);
  if (form === undefined) return null;
  const { maker, model, terminal, plate } = form.layout.parse(body);
  return texts({ maker, model, terminal, plate });
}

const authentication2019 = new Parser()
  .uint8('length')
  .buffer('code', { length: 'length' })
  .buffer('imei', { length: 15 })
  .buffer('firmware', { readUntil: 'eof' });

/** What an authentication of 2019 says behind the code, or null: it is too short. Before 2019 it is the code alone. */
export function readAuthentication(body: Buffer, since2019: boolean): Facts | null {
  if (!since2019) return [];
  const [length = body.length] = body;
  if (body.length < 1 + length + 15) return null;
  const { imei, firmware } = authentication2019.parse(body);
  return texts({ imei, firmware });
}

const attributes = (maker: number, model: number, terminal: number) =>
  new Parser()
    .endianness('big')
    .uint16('kind')
    .buffer('maker', { length: maker })
    .buffer('model', { length: model })
    .buffer('terminal', { length: terminal })
    .buffer('iccid', { length: 10 })
    .uint8('hardwareLength')
    .buffer('hardware', { length: 'hardwareLength' })
    .uint8('firmwareLength')
    .buffer('firmware', { length: 'firmwareLength' });
const attributes2013 = { bytes: 44, layout: attributes(5, 20, 7) };
const attributes2019 = { bytes: 83, layout: attributes(11, 30, 30) };

/** What an answer about attributes says, or null: it is too short. */
export function readAttributes(body: Buffer, since2019: boolean): Facts | null {
  const { bytes, layout } = since2019 ? attributes2019 : attributes2013;
  const hardwareLength = body[bytes] ?? 0;
  if (body.length < bytes + 2 + hardwareLength) return null;
  const { maker, model, terminal, iccid, hardware, firmware } = layout.parse(body);
  const digits = readDigits(iccid, 0, iccid.length);
  return [
    ...texts({ maker, model, terminal, hardware, firmware }),
    ...(digits === null ? [] : [['iccid', digits] as const]),
  ];
}

/** The body of `8109`: year, month, day, hour, minute, second, and that it is so. */
export function timeBody(local: number): Buffer {
  const date = new Date(local);
  const year = Buffer.allocUnsafe(2);
  year.writeUInt16BE(date.getUTCFullYear());
  const clock = [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()];
  return Buffer.concat([year, Buffer.of(date.getUTCMonth() + 1, date.getUTCDate(), ...clock, 0)]);
}

function texts(fields: Readonly<Record<string, Buffer | undefined>>): Facts {
  return Object.entries(fields).flatMap(([name, bytes]) => {
    const text = bytes === undefined ? '' : (readGbk(bytes) ?? bytes.toString('hex')).replace(/\0/g, '').trim();
    return text === '' ? [] : [[name, text] as const];
  });
}
