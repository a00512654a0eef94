import { Readable } from 'node:stream';
import { type Static, Type } from 'typebox';
import type { Firmware } from '../devices/firmware.js';
import { UPLOAD_TYPE } from './bodies.js';
import type { Api, ApiParts } from './parts.js';
import { notFound, Problem } from './problem.js';
import { problems } from './responses.js';

/** Bytes of a firmware at the most. */
export const MAX_FIRMWARE = 256 << 20;
/** Bytes of a firmware read at once. */
const PIECE = 512 << 10;

const FirmwareGiven = Type.Object(
  {
    name: Type.String(),
    id: Type.String({ format: 'uuid', description: 'other content is another id' }),
    size: Type.Integer({ description: 'in bytes' }),
  },
  { $id: 'Firmware', examples: [{ name: 'v2', id: '0b6b5b1e-5d0f-4b3e-9a57-0d9a4a7f7c11', size: 65_536 }] },
);
export type FirmwareGiven = Static<typeof FirmwareGiven>;

export const FirmwareList = Type.Object({ firmware: Type.Array(FirmwareGiven) });
export type FirmwareList = Static<typeof FirmwareList>;

const FirmwareParams = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 255, description: 'the name of a firmware', examples: ['v2'] }),
});

const Bytes = Type.Unsafe<Readable>({ type: 'string', format: 'binary', description: 'the bytes of the firmware' });

/** Files that devices fetch by name. */
export function addFirmware(app: Api, { firmware }: ApiParts): void {
  const tags = ['firmware'];

  app.get(
    '/api/firmware',
    {
      schema: { tags, summary: 'All firmware in the order of names', response: { 200: FirmwareList, ...problems() } },
    },
    async () => ({ firmware: (await firmware.list()).map(({ name, id, size }) => ({ name, id, size })) }),
  );

  app.put(
    '/api/firmware/:name',
    {
      config: { upload: true },
      bodyLimit: MAX_FIRMWARE,
      schema: {
        tags,
        summary: `Store a firmware of at most ${MAX_FIRMWARE} bytes under a name, in place of what had it`,
        consumes: [UPLOAD_TYPE],
        params: FirmwareParams,
        body: Bytes,
        response: { 200: FirmwareGiven, ...problems(400, 413, 415, 503) },
      },
    },
    async ({ params: { name }, body }) => {
      if (!(body instanceof Readable))
        throw new Problem(415, `a firmware is sent as its bytes, of type ${UPLOAD_TYPE}`);
      const stored = await firmware.add(name, atMost(MAX_FIRMWARE, body));
      return { name: stored.name, id: stored.id, size: stored.size };
    },
  );

  app.get(
    '/api/firmware/:name',
    {
      schema: {
        tags,
        summary: 'The content of a firmware',
        produces: [UPLOAD_TYPE],
        params: FirmwareParams,
        response: { 200: Bytes, ...problems(400, 404) },
      },
    },
    async ({ params: { name } }, reply) => {
      const found = await firmware.find(name);
      if (!found) throw notFound('name', name, 'firmware');
      reply.type(UPLOAD_TYPE).header('content-length', found.size);
      return reply.send(Readable.from(pieces(firmware, name, found.size), { objectMode: false }));
    },
  );

  app.delete(
    '/api/firmware/:name',
    {
      schema: {
        tags,
        summary: 'Remove a firmware',
        params: FirmwareParams,
        response: { 204: Type.Null({ description: 'It is removed' }), ...problems(400, 404, 503) },
      },
    },
    async ({ params: { name } }, reply) => {
      if (!(await firmware.remove(name))) throw notFound('name', name, 'firmware');
      reply.code(204);
      return null;
    },
  );
}

async function* atMost(limit: number, bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let size = 0;
  for await (const piece of bytes) {
    size += piece.byteLength;
    if (size > limit) throw new Problem(413, `the firmware is over ${limit} bytes`);
    yield piece;
  }
}

async function* pieces(firmware: Firmware, name: string, size: number): AsyncIterable<Uint8Array> {
  for (let offset = 0; offset < size; ) {
    const piece = await firmware.readAt(name, offset, PIECE);
    if (!piece || piece.byteLength === 0) throw new Error(`the firmware ${name} was removed while it was read`);
    yield piece;
    offset += piece.byteLength;
  }
}
