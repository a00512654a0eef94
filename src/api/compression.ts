import { constants } from 'node:zlib';
import compress from '@fastify/compress';
import type { FastifyInstance } from 'fastify';

/** How hard answers are compressed, in the levels of zlib and brotli: the processor has devices to serve. */
const LEVEL = 3;
/** Types that are compressed beside text. */
const TYPES = /^text\/(?!event-stream)|[/+](json|xml|x-ndjson)/;

/** Compresses long answers and streams for clients that take it; bodies of requests are taken as they are. */
export async function compressAnswers(app: FastifyInstance): Promise<void> {
  await app.register(compress, {
    globalDecompression: false,
    encodings: ['br', 'gzip'],
    zlibOptions: { level: LEVEL },
    brotliOptions: { params: { [constants.BROTLI_PARAM_QUALITY]: LEVEL } },
    customTypes: TYPES,
  });
}
