import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { optionsTable } from '../../src/config/table.js';

const root = new URL('../..', import.meta.url).pathname;
const readme = resolve(root, 'README.md');
const OPTIONS = /(<!-- options -->\n)[\s\S]*(\n<!-- \/options -->)/;

it('the README lists every option as it is declared (M2MP_UPDATE=1 writes the table anew)', () => {
  const text = readFileSync(readme, 'utf8');
  const right = text.replace(OPTIONS, (_, before, after) => `${before}${optionsTable(protocols)}${after}`);
  if (process.env['M2MP_UPDATE']) writeFileSync(readme, right);
  else expect(text).toBe(right);
});

it.each([
  'README.md',
  'docs/durability.md',
  'docs/data-model.md',
  'docs/protocols.md',
  'docs/api.md',
  'docs/tools.md',
  'docs/numbers.md',
  'fixtures/README.md',
])('every link of %s to a file of the project leads somewhere', (document) => {
  const file = resolve(root, document);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g))
    expect(existsSync(resolve(dirname(file), target!)), `${document}: ${target}`).toBe(true);
});
