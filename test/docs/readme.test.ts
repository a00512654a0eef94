import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { optionsTable } from '../../src/config/table.js';

const root = new URL('../..', import.meta.url).pathname;
const configuration = resolve(root, 'docs/configuration.md');
const OPTIONS = /(?<=<!-- options -->\n)[\s\S]*(?=<!-- \/options -->)/;

it('docs/configuration.md lists every option as it is declared (M2MP_UPDATE=1 writes the table anew)', () => {
  const text = readFileSync(configuration, 'utf8');
  expect(text).toMatch(OPTIONS);
  const right = text.replace(OPTIONS, () => `${optionsTable(protocols)}\n`);
  if (process.env['M2MP_UPDATE']) writeFileSync(configuration, right);
  else expect(text).toBe(right);
});

it.each([
  'README.md',
  'SECURITY.md',
  'docs/configuration.md',
  'docs/durability.md',
  'docs/bus.md',
  'docs/sync.md',
  'docs/operations.md',
  'docs/data-model.md',
  'docs/protocols.md',
  'docs/readings.md',
  'docs/api.md',
  'docs/tools.md',
  'docs/numbers.md',
  'fixtures/README.md',
])('every link of %s to a file of the project leads somewhere', (document) => {
  const file = resolve(root, document);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g))
    expect(existsSync(resolve(dirname(file), target!)), `${document}: ${target}`).toBe(true);
});

it.each(['SECURITY.md', 'docs/durability.md'])('every file that %s refers to is there', (document) => {
  const named = readFileSync(resolve(root, document), 'utf8').matchAll(/`((?:test|src|protocols|docs)\/[\w./-]+)`/g);
  const missing = [...named].map(([, path]) => path!).filter((path) => !existsSync(resolve(root, path)));
  expect(missing).toEqual([]);
});
