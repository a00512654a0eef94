import { jsonOf } from '../queries/json.js';
import { isObject, numberIn } from '../queries/numbers.js';
import { placeIn } from '../queries/places.js';
import type { Format } from './format.js';
import { decimal } from './gpx.js';
import { xmlText } from './xml.js';

/** Places of one gx:Track: its dates stand before its places, so they are held until it is full. */
const TRACK = 1_000;

const HEAD =
  '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2" ' +
  'xmlns:gx="http://www.google.com/kml/ext/2.2"><Document>\n';

/** KML 2.2: a placemark a device, of dated tracks of its readings with a place. */
export const kml: Format = {
  contentType: 'application/vnd.google-earth.kml+xml',
  byDevice: true,
  open() {
    let dates: string[] = [];
    let places: string[] = [];

    function track(): string {
      if (dates.length === 0) return '';
      const text = `<gx:Track>\n${dates.join('')}${places.join('')}</gx:Track>\n`;
      dates = [];
      places = [];
      return text;
    }

    return {
      head: () => HEAD,
      beginDevice: ({ ident, name }) =>
        `<Placemark><name>${xmlText(name ?? ident)}</name><description>${xmlText(ident)}</description><gx:MultiTrack>\n`,
      entry({ time, data: text }) {
        const data = jsonOf(text);
        const place = placeIn(data);
        if (!place || !isObject(data)) return '';
        dates.push(`<when>${new Date(time).toISOString()}</when>\n`);
        const alt = decimal(numberIn(data['alt']) ?? 0);
        places.push(`<gx:coord>${decimal(place.lon)} ${decimal(place.lat)} ${alt}</gx:coord>\n`);
        return dates.length >= TRACK ? track() : '';
      },
      endDevice: () => `${track()}</gx:MultiTrack></Placemark>\n`,
      tail: () => '</Document></kml>\n',
    };
  },
};
