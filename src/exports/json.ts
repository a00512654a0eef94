import { jsonOf } from '../queries/json.js';
import type { Format } from './format.js';

/** One JSON object whose member `name` is a list: what a page looks like, for those that have no pages. */
export function jsonList(name: string): Format {
  return {
    contentType: 'application/json',
    byDevice: false,
    open({ devices }) {
      let first = true;
      return {
        head: () => `{${JSON.stringify(name)}:[`,
        entry({ time, type, data, uuid, count }, device) {
          const { id, ident, name: called } = device;
          const given = {
            ...(devices && { device: id, ident, name: called }),
            time: new Date(time).toISOString(),
            type,
            data: jsonOf(data),
            ...(uuid !== null && { id: uuid }),
            ...(count !== null && { count }),
          };
          const separator = first ? '\n' : ',\n';
          first = false;
          return separator + JSON.stringify(given);
        },
        tail: () => '\n]}\n',
      };
    },
  };
}
