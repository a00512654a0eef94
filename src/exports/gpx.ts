import { jsonOf } from '../queries/json.js';
import { isObject, numberIn } from '../queries/numbers.js';
import { placeIn } from '../queries/places.js';
import type { Format } from './format.js';
import { xmlText } from './xml.js';

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="m2mp-gateway" ' +
  'xmlns="http://www.topografix.com/GPX/1/1" ' +
  'xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">\n';

/** GPX 1.1: a track a device, of its readings with a place; the speed is in m/s, in Garmin's extension. */
export const gpx: Format = {
  contentType: 'application/gpx+xml',
  byDevice: true,
  open: () => ({
    head: () => HEAD,
    beginDevice: ({ ident, name }) =>
      `<trk><name>${xmlText(name ?? ident)}</name><desc>${xmlText(ident)}</desc><trkseg>\n`,
    entry({ time, data: text }) {
      const data = jsonOf(text);
      const place = placeIn(data);
      if (!place || !isObject(data)) return '';
      const [alt, speed] = [numberIn(data['alt']), numberIn(data['spd'])];
      const ele = alt === null ? '' : `<ele>${decimal(alt)}</ele>`;
      const extensions = speed === null || speed < 0 ? '' : speedOf(speed);
      const at = `lat="${decimal(place.lat)}" lon="${decimal(place.lon)}"`;
      return `<trkpt ${at}>${ele}<time>${new Date(time).toISOString()}</time>${extensions}</trkpt>\n`;
    },
    endDevice: () => '</trkseg></trk>\n',
    tail: () => '</gpx>\n',
  }),
};

/** XML's decimals have no exponent. */
export function decimal(degrees: number): string {
  return /e/.test(String(degrees)) ? degrees.toFixed(12) : String(degrees);
}

const KMH_A_METRE_A_SECOND = 3.6;

function speedOf(kmh: number): string {
  const speed = (kmh / KMH_A_METRE_A_SECOND).toFixed(2);
  return `<extensions><gpxtpx:TrackPointExtension><gpxtpx:speed>${speed}</gpxtpx:speed></gpxtpx:TrackPointExtension></extensions>`;
}
