import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { corpusOf } from '../fuzz/corpus.js';
import { trackerProtocols } from '../protocols/complete.js';
import { effectsOf, newSession } from '../protocols/outcomes.js';

const ROOT = new URL('../../', import.meta.url).pathname;
const page = readFileSync(`${ROOT}docs/readings.md`, 'utf8');

/** The types that the page names, those of `sen:din:1` … `sen:din:4` all. */
const documented = new Set(
  page.split('\n').flatMap((line) => {
    const types = [...line.matchAll(/`((?:sen|raw):[\w:]+)`/g)].map(([, type = '']) => type);
    const [, stem, first, last] = /`(sen:\w+:)(\d)` … `sen:\w+:(\d)`/.exec(line) ?? [];
    const between = Array.from({ length: Number(last ?? 0) - Number(first ?? 0) + 1 }, (_, n) => Number(first) + n);
    return stem === undefined ? types : between.map((number) => stem + number);
  }),
);

it.each(trackerProtocols.map(({ name }) => name))(
  'every type of reading that %s tells is in docs/readings.md',
  (name) => {
    const folder = `${ROOT}protocols/${name}/`;
    const files = readdirSync(folder).filter((file) => file.endsWith('.ts'));
    const code = files.map((file) => readFileSync(folder + file, 'utf8')).join('\n');
    const told = new Set([...code.matchAll(/'((?:sen|raw):[a-z][\w:]*)'/g)].map(([, type = '']) => type));
    expect(told.size).toBeGreaterThan(0);
    expect([...told].filter((type) => !documented.has(type))).toEqual([]);
  },
);

/** Types that the page names as a family; those of OsmAnd are named by whoever sends them. */
const FAMILY = /^(_invalid$|io:\d+$|item:[0-9a-f]+$|raw:)/;

it.each(trackerProtocols.map((protocol) => [protocol.name, protocol] as const))(
  'every type that comes of the recorded sessions of %s is in docs/readings.md',
  (name, protocol) => {
    const effects = corpusOf(protocol).flatMap(({ bytes }) => effectsOf(newSession(protocol), [bytes]));
    const told = new Set(effects.flatMap((effect) => (effect.do === 'store' ? [effect.reading.type] : [])));
    expect(told.size).toBeGreaterThan(0);
    const isKnown = (type: string) =>
      documented.has(type) || FAMILY.test(type) || (name === 'osmand' && type.startsWith('sen:'));
    expect([...told].filter((type) => !isKnown(type))).toEqual([]);
  },
);
