import { jsonLine, jsonOf } from '../queries/json.js';
import type { Format } from './format.js';

/** A JSON object a line. */
export const ndjson: Format = {
  contentType: 'application/x-ndjson',
  byDevice: false,
  open: ({ devices }) => ({
    head: () => '',
    entry({ time, type, data, uuid, count }, { id, ident }) {
      const line = {
        ...(devices && { device: id, ident }),
        time: new Date(time).toISOString(),
        type,
        data: jsonOf(data),
        ...(uuid !== null && { id: uuid }),
        ...(count !== null && { count }),
      };
      return `${jsonLine(line)}\n`;
    },
    tail: () => '',
  }),
};
