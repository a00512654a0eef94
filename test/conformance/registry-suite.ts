import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { path as pathOf } from '../../src/registry/paths.js';
import { openRegistry, type Registry } from '../../src/registry/registry.js';
import { collected, HOSTILE, type OpenStoreUnderTest, type StoreUnderTest } from './store-under-test.js';

/** What the registry does over every store. */
export function registrySuite(open: OpenStoreUnderTest): void {
  let test: StoreUnderTest;
  let registry: Registry;
  beforeEach(async () => {
    test = await open();
    registry = openRegistry(test.store);
  });
  afterEach(() => test.remove());

  it('creates a node with every one above it, and keeps what it had', async () => {
    await registry.create('/a/b/c/', { x: '1' });
    await registry.create('/a/b/c/', { y: '2' });
    for (const path of ['/', '/a/', '/a/b/', '/a/b/c/']) expect(await registry.status(path)).toBe(100);
    expect((await registry.get('/a/b/c/'))?.values).toEqual(
      new Map([
        ['x', '1'],
        ['y', '2'],
      ]),
    );
    expect(await registry.children('/a/')).toEqual(['b']);
    expect(await registry.status('/nothing/')).toBe(0);
  });

  it('check creates only what is missing', async () => {
    await registry.create('/a/', { x: '1' });
    await registry.check('/a/', { x: '2', y: '2' });
    await registry.check('/b/', { x: '3' });
    expect((await registry.get('/a/'))?.values).toEqual(
      new Map([
        ['x', '1'],
        ['y', '2'],
      ]),
    );
    expect((await registry.get('/b/'))?.values).toEqual(new Map([['x', '3']]));
  });

  it('delete marks a node and all below it, restore brings them back, cleanup removes them', async () => {
    await registry.create('/a/b/', { x: '1' });
    await registry.create('/a/c/', {});
    await registry.delete('/a/');
    expect(await registry.get('/a/b/')).toBeUndefined();
    expect(await registry.getAny('/a/b/')).toMatchObject({ deleted: true, values: new Map([['x', '1']]) });
    expect(await registry.children('/')).toEqual([]);
    expect(await registry.status('/a/b/')).toBe(5);
    await registry.restore('/a/');
    expect((await registry.get('/a/b/'))?.values).toEqual(new Map([['x', '1']]));
    expect(await registry.children('/a/')).toEqual(['b', 'c']);
    await registry.delete('/a/b/');
    expect(await registry.cleanup()).toBe(1);
    expect(await registry.status('/a/b/')).toBe(0);
    await expect(registry.restore('/a/b/')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('remove deletes for real, the node and all below it', async () => {
    await registry.create('/a/b/c/', { x: '1' });
    await registry.remove('/a/b/');
    for (const path of ['/a/b/', '/a/b/c/']) expect(await registry.status(path)).toBe(0);
    expect(await collected(registry.walk('/'))).toEqual(['/', '/a/']);
  });

  it('takes any text as a name, kept apart from all others', async () => {
    for (const [index, name] of HOSTILE.entries()) await registry.create(pathOf('h', name), { n: String(index) });
    await test.reopen();
    registry = openRegistry(test.store);
    for (const [index, name] of HOSTILE.entries())
      expect((await registry.get(pathOf('h', name)))?.values.get('n')).toBe(String(index));
    expect(await registry.children('/h/')).toHaveLength(HOSTILE.length);
  });

  it.each(['', 'a', '/a', 'a/', '//', '/a//b/', '/../'])('%j is no path, and says why', async (path) => {
    await expect(registry.create(path)).rejects.toMatchObject({ name: 'RegistryError' });
    await expect(registry.get(path)).rejects.toThrow(JSON.stringify(path));
  });

  it('operations at one time on one path take effect in the order of the calls', async () => {
    await Promise.all([
      registry.create('/a/', { n: '1' }),
      registry.set('/a/', { n: '2' }),
      registry.delete('/a/'),
      registry.create('/a/', { m: '3' }),
      registry.unset('/a/', ['n']),
    ]);
    expect((await registry.get('/a/'))?.values).toEqual(new Map([['m', '3']]));
  });

  it('operations at one time on one path end as if one came after the other, whatever they are', async () => {
    const onOne = operation.filter((one) => one.does !== 'reopen').map((one) => ({ ...one, path: '/a/' }));
    await fc.assert(
      fc.asyncProperty(fc.array(onOne, { minLength: 2, maxLength: 12 }), async (operations) => {
        await registry.remove('/a/');
        const model = new Model();
        await Promise.all(
          operations.map((one) => {
            applyToModel(model, one);
            return apply(registry, one);
          }),
        );
        expect(await registry.status('/a/')).toBe(model.nodes.get('/a/')?.status ?? 0);
        expect((await registry.getAny('/a/'))?.values).toEqual(model.nodes.get('/a/')?.values);
      }),
      { numRuns: 100 },
    );
  }, 120_000);

  it('many that set values of one node look at it at the same time', async () => {
    let atOnce = 0;
    let mostAtOnce = 0;
    const status: StoreUnderTest['store']['status'] = async (path) => {
      mostAtOnce = Math.max(mostAtOnce, ++atOnce);
      await new Promise((resolve) => setTimeout(resolve, 5));
      atOnce--;
      return test.store.status(path);
    };
    const slow = openRegistry({ ...test.store, status });
    await Promise.all(Array.from({ length: 50 }, (_, n) => slow.set('/a/', { x: String(n), [`y${n}`]: '' })));
    expect(mostAtOnce).toBe(50);
    const { values } = (await registry.get('/a/')) ?? { values: new Map() };
    expect([values.size, values.get('x')]).toEqual([51, '49']);
  });

  it('does what a model in memory does, through any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 30 }), async (operations) => {
        const fresh = await open();
        const model = new Model();
        try {
          let own = openRegistry(fresh.store);
          for (const one of operations) {
            if (one.does === 'reopen') {
              await fresh.reopen();
              own = openRegistry(fresh.store);
            } else {
              applyToModel(model, one);
              await apply(own, one);
            }
          }
          for (const path of PATHS) {
            expect(await own.status(path), path).toBe(model.nodes.get(path)?.status ?? 0);
            expect((await own.getAny(path))?.values, path).toEqual(model.nodes.get(path)?.values);
          }
          const alive = PATHS.filter((path) => model.nodes.get(path)?.status === 100);
          const walked = await collected(own.walk('/'));
          expect(walked.slice(1).sort()).toEqual(alive.filter((path) => model.isLinked(path)).sort());
        } finally {
          await fresh.remove();
        }
      }),
      { numRuns: 100 },
    );
  }, 120_000);
}

const PATHS = ['/a/', '/a/b/', '/a/b/c/', '/a/d/', '/e/'];
type Operation =
  | {
      readonly does: 'create' | 'check' | 'set' | 'put';
      readonly path: string;
      readonly values: Record<string, string>;
    }
  | { readonly does: 'unset'; readonly path: string; readonly name: string }
  | { readonly does: 'delete' | 'remove'; readonly path: string }
  | { readonly does: 'reopen' };

const path = fc.constantFrom(...PATHS);
const values = fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('', '1', '2'), {
  maxKeys: 2,
  noNullPrototype: true,
});
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constantFrom('create' as const, 'check' as const, 'set' as const), path, values }),
  },
  // Its parent is there always.
  { weight: 2, arbitrary: fc.record({ does: fc.constant('put' as const), path: fc.constant('/e/'), values }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('unset' as const), path, name: fc.constantFrom('x', 'y') }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('delete' as const, 'remove' as const), path }) },
  { weight: 1, arbitrary: fc.constant({ does: 'reopen' as const }) },
);

class Model {
  readonly nodes = new Map<string, { status: number; values: Map<string, string> }>();
  /** Nodes that the one above knows: one that is deleted is unlinked, with all that it knows. */
  readonly #linked = new Set<string>();

  create(path: string): { status: number; values: Map<string, string> } {
    const parent = path.replace(/[^/]+\/$/, '');
    if (parent !== '/') this.create(parent);
    const node = this.nodes.get(path) ?? { status: 100, values: new Map() };
    if (node.status === 5) for (const child of this.#children(path)) this.#linked.delete(child);
    node.status = 100;
    this.nodes.set(path, node);
    this.#linked.add(path);
    return node;
  }

  delete(path: string): void {
    if (this.nodes.get(path)?.status !== 100) return;
    for (const one of this.#below(path)) {
      const node = this.nodes.get(one);
      if (node) node.status = 5;
    }
    this.#linked.delete(path);
  }

  remove(path: string): void {
    for (const one of this.#below(path)) {
      this.nodes.delete(one);
      this.#linked.delete(one);
    }
  }

  isLinked(path: string): boolean {
    const parent = path.replace(/[^/]+\/$/, '');
    return this.#linked.has(path) && (parent === '/' || this.isLinked(parent));
  }

  #children(path: string): string[] {
    return [...this.#linked].filter((one) => one.startsWith(path) && /^[^/]+\/$/.test(one.slice(path.length)));
  }

  #below(path: string): string[] {
    return [path, ...this.#children(path).flatMap((child) => this.#below(child))];
  }
}

function applyToModel(model: Model, one: Exclude<Operation, { does: 'reopen' }>): void {
  switch (one.does) {
    case 'unset':
      model.nodes.get(one.path)?.values.delete(one.name);
      break;
    case 'delete':
    case 'remove':
      model[one.does](one.path);
      break;
    default: {
      const there = model.nodes.get(one.path);
      // What was deleted is missing.
      const before = one.does === 'check' && there?.status === 100 ? new Map(there.values) : new Map();
      const node = model.create(one.path);
      for (const [name, value] of Object.entries(one.values)) if (!before.has(name)) node.values.set(name, value);
    }
  }
}

function apply(registry: Registry, one: Exclude<Operation, { does: 'reopen' }>): Promise<void> {
  switch (one.does) {
    case 'unset':
      return registry.unset(one.path, [one.name]);
    case 'delete':
    case 'remove':
      return registry[one.does](one.path);
    case 'put':
      return registry.edit([{ edit: 'put', path: one.path, values: one.values }]);
    default:
      return registry[one.does](one.path, one.values);
  }
}
