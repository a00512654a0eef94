import { jsonLine, jsonOf } from '../queries/json.js';
import { isObject, numberIn } from '../queries/numbers.js';
import { placeIn } from '../queries/places.js';
import type { Format } from './format.js';

/** GeoJSON after RFC 7946: a point a reading; those without a place are left out. */
export const geojson: Format = {
  contentType: 'application/geo+json',
  byDevice: false,
  open({ devices }) {
    let first = true;
    return {
      head: () => '{"type":"FeatureCollection","features":[',
      entry({ time, type, data: text, uuid, count }, { id, ident, name }) {
        const data = jsonOf(text);
        const place = placeIn(data);
        if (!place || !isObject(data)) return '';
        const { lat: _lat, lon: _lon, ...rest } = data;
        const alt = numberIn(data['alt']);
        const feature = {
          type: 'Feature',
          ...(uuid !== null && { id: uuid }),
          geometry: { type: 'Point', coordinates: [place.lon, place.lat, ...(alt === null ? [] : [alt])] },
          // What devices say comes first: it must not stand in for what is known of it.
          properties: {
            ...rest,
            time: new Date(time).toISOString(),
            type,
            ...(devices && { device: id, ident, name }),
            ...(count !== null && { count }),
          },
        };
        const separator = first ? '\n' : ',\n';
        first = false;
        return separator + jsonLine(feature);
      },
      tail: () => '\n]}\n',
    };
  },
};
