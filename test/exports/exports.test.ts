import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvCell, unguarded } from '../../src/exports/csv.js';
import { type ExportOptions, FORMATS, type FormatName } from '../../src/exports/format.js';
import { writeExport } from '../../src/exports/write.js';
import type { Entry } from '../../src/queries/readings.js';

const DEVICE = { id: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3', ident: 'imei:490154203237518', name: 'Van 7' };
const START = Date.UTC(2026, 10, 20, 12);
const OPTIONS: ExportOptions = { devices: true, fields: undefined, periods: false };
const HOSTILE = ['=1+1', '@cmd', '"', 'a,b', 'a\nb', '\u0000', '\ud800', ']]>', '<b>&', '\u001b[2J', '-1', "'=x", '￾'];

function entry(n: number, data: unknown, type = 'sen:loc'): Entry {
  const uuid = `b7a0f900-c60d-11f0-8000-${n.toString(16).padStart(12, '0')}`;
  return { device: DEVICE.id, type, time: START + n * 1_000, data: JSON.stringify(data), uuid, count: null };
}

async function exported(
  format: FormatName,
  entries: readonly Entry[],
  { of = [DEVICE], limit = 1_000_000, ...options }: Partial<Parameters<typeof writeExport>[0]> = {},
): Promise<string> {
  async function* batches(devices: readonly string[]) {
    const wanted = entries.filter(({ device }) => devices.includes(device));
    for (let at = 0; at < wanted.length; at += 3) yield wanted.slice(at, at + 3);
  }
  let text = '';
  for await (const piece of writeExport({ ...OPTIONS, ...options, format, of, limit, entries: batches })) text += piece;
  return text;
}

/** The rows of a CSV text by RFC 4180. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n|$)/g)) {
    rows.at(-1)?.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === '\n') rows.push([]);
  }
  return rows.filter((row) => row.length > 1);
}

/** Throws where tags do not match, or a character is not escaped. */
function checkWellFormed(xml: string): void {
  const open: string[] = [];
  expect(xml).not.toMatch(/[^\P{Cc}\t\n\x7f-\x9f]|[\ufffe\uffff]/u);
  expect(xml).not.toMatch(/\p{Cs}/u);
  const rest = xml.replace(
    /<(\/?)([\w:]+)((?: [\w:]+="[^"<]*")*)(\/?)>|<\?xml[^>]*\?>/g,
    (_, end, name, _attributes, empty) => {
      if (name === undefined || empty === '/') return '';
      if (end === '/') expect(open.pop()).toBe(name);
      else open.push(name);
      return '';
    },
  );
  expect(open).toEqual([]);
  expect(rest).not.toMatch(/[<>]|&(?!(amp|lt|gt|quot|apos);)/);
}

describe('CSV', () => {
  it('has a column a field, or the data as JSON, and reads back as it was', async () => {
    const entries = [entry(1, { lat: 1.5, lon: -2, t: 'x,"y"' }), entry(2, { lat: 3 })];
    expect(rowsOf(await exported('csv', entries, { fields: ['lat', 'lon', 't'] }))).toEqual([
      ['device', 'ident', 'time', 'type', 'lat', 'lon', 't', 'id'],
      [DEVICE.id, DEVICE.ident, '2026-11-20T12:00:01.000Z', 'sen:loc', '1.5', '-2', 'x,"y"', entries[0]?.uuid],
      [DEVICE.id, DEVICE.ident, '2026-11-20T12:00:02.000Z', 'sen:loc', '3', '', '', entries[1]?.uuid],
    ]);
    const [titles, row] = rowsOf(await exported('csv', entries, { devices: false }));
    expect(titles).toEqual(['time', 'type', 'data', 'id']);
    expect(JSON.parse(row?.[2] ?? '')).toEqual({ lat: 1.5, lon: -2, t: 'x,"y"' });
  });

  it('any text comes back from its cell, and none begins as a formula', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...HOSTILE),
      fc.string().map((t) => `=${t}`),
    );
    fc.assert(
      fc.property(text, (given) => {
        const cell = csvCell(given);
        const inner = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
        expect(unguarded(inner)).toBe(given);
        expect(/^[=@\t\r]/.test(inner)).toBe(false);
        if (/^[+-]/.test(inner)) expect(Number.isFinite(Number(inner))).toBe(true);
      }),
    );
  });
});

describe('NDJSON', () => {
  it('has an object a line, whatever the data', async () => {
    const entries = HOSTILE.map((text, n) => entry(n, { text, nested: [text] }, 'sen:text'));
    const lines = (await exported('ndjson', entries)).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).data)).toEqual(HOSTILE.map((text) => ({ text, nested: [text] })));
    expect(lines.every((line) => !/[\p{Cc}\p{Cf}]/u.test(line))).toBe(true);
  });

  it('says of a period how many readings it is of, and has no id', async () => {
    const period: Entry = { ...entry(1, 20.5, 'sen:temp'), uuid: null, count: 4 };
    expect(JSON.parse(await exported('ndjson', [period], { devices: false, periods: true }))).toEqual({
      time: '2026-11-20T12:00:01.000Z',
      type: 'sen:temp',
      data: 20.5,
      count: 4,
    });
  });
});

describe('GeoJSON', () => {
  it('is a collection of points with the rest as properties, without what has no place', async () => {
    const entries = [
      entry(1, { lat: 48.5, lon: 2.5, alt: 35, spd: 50, type: 'mine' }),
      entry(2, { sat: 3 }),
      entry(3, 7),
    ];
    const { type, features } = JSON.parse(await exported('geojson', entries));
    expect(type).toBe('FeatureCollection');
    expect(features).toEqual([
      {
        type: 'Feature',
        id: entries[0]?.uuid,
        geometry: { type: 'Point', coordinates: [2.5, 48.5, 35] },
        properties: {
          ...{ alt: 35, spd: 50, time: '2026-11-20T12:00:01.000Z', type: 'sen:loc' },
          ...{ device: DEVICE.id, ident: DEVICE.ident, name: 'Van 7' },
        },
      },
    ]);
    expect(JSON.parse(await exported('geojson', [])).features).toEqual([]);
  });
});

describe.each(['gpx', 'kml'] as const)('%s', (format) => {
  it('is well-formed, whatever devices are called and whatever they say', async () => {
    for (const text of HOSTILE) {
      const of = [{ ...DEVICE, name: text, ident: text }];
      checkWellFormed(await exported(format, [entry(1, { lat: 1e-9, lon: -2, alt: 5, spd: 36, note: text })], { of }));
    }
    checkWellFormed(await exported(format, [], { of: [] }));
  });

  it('has a track a device, of its places in their order', async () => {
    const other = { id: 'a', ident: 'imei:2', name: null };
    const entries = [
      entry(1, { lat: 1, lon: 2 }),
      { ...entry(2, { lat: 5, lon: 6 }), device: 'a' },
      entry(3, { lat: 3, lon: 4 }),
    ];
    const text = await exported(format, entries, { of: [DEVICE, other] });
    checkWellFormed(text);
    const places =
      format === 'gpx'
        ? [...text.matchAll(/lat="([\d.]+)" lon="([\d.]+)"/g)].map(([, lat, lon]) => [lat, lon])
        : [...text.matchAll(/<gx:coord>([\d.]+) ([\d.]+) 0</g)].map(([, lon, lat]) => [lat, lon]);
    expect(places).toEqual([
      ['1', '2'],
      ['3', '4'],
      ['5', '6'],
    ]);
    expect(text.indexOf('<name>Van 7<')).toBeLessThan(text.indexOf('<name>imei:2<'));
  });
});

it('GPX has the speed in metres a second, and no exponents', async () => {
  const text = await exported('gpx', [entry(1, { lat: 1e-9, lon: 2, spd: 36 })]);
  expect(text).toContain('<gpxtpx:speed>10.00</gpxtpx:speed>');
  expect(text).toContain('lat="0.000000001000"');
});

it('KML has as many dates as places in each of its tracks, also where one is full', async () => {
  const text = await exported(
    'kml',
    Array.from({ length: 2_500 }, (_, n) => entry(n, { lat: n / 100, lon: 2 })),
  );
  const tracks = [...text.matchAll(/<gx:Track>([\s\S]*?)<\/gx:Track>/g)].map(([, inner = '']) => inner);
  expect(tracks.map((track) => track.split('<when>').length - 1)).toEqual([1_000, 1_000, 500]);
  expect(tracks.map((track) => track.split('<gx:coord>').length - 1)).toEqual([1_000, 1_000, 500]);
});

it.each(Object.keys(FORMATS) as FormatName[])('%s: at most as many entries as the limit says', async (format) => {
  const entries = Array.from({ length: 10 }, (_, n) => entry(n, { lat: 7.25, lon: 2 }));
  const text = await exported(format, entries, { limit: 4 });
  expect(text.split('7.25').length - 1).toBe(4);
});

it('what nobody reads yet is not read from the store', async () => {
  let batches = 0;
  async function* endless() {
    for (let n = 0; ; n++) {
      batches++;
      yield Array.from({ length: 256 }, (_, at) => entry(n * 256 + at, { lat: 1, lon: 2 }));
    }
  }
  const pieces = writeExport({ ...OPTIONS, format: 'ndjson', of: [DEVICE], limit: 1e9, entries: endless });
  const reader = pieces[Symbol.asyncIterator]();
  const first = await reader.next();
  expect(first.value.length).toBeLessThan(100_000);
  expect(batches).toBeLessThan(5);
  await reader.return?.();
});
