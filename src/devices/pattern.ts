/**
 * Regular expressions whose time is linear in the text, whoever wrote them: all ways to match are followed at once
 * instead of one after the other. Taken: literals, `.`, classes, `\d \w \s` and their opposites, groups, `|`, `*`,
 * `+`, `?`, `{m,n}`, `^` and `$`. No captures, back references or looking around.
 */
export type Pattern = (text: string) => boolean;

/** A pattern that is none, with where and why. */
export class PatternError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PatternError';
  }
}

/** States of a compiled pattern at the most: what bounds the time for one character. */
export const MAX_STATES = 500;
/** Characters of a pattern at the most. */
export const MAX_PATTERN_LENGTH = 250;
/** Most repetitions in `{m,n}`. */
const MAX_REPEAT = 255;

/** Compiles a pattern into a test whether it is found anywhere in a text. Throws `PatternError`. */
export function compilePattern(source: string): Pattern {
  const states = compile(parse(source));
  return (text) => isFound(states, text);
}

type Test = (character: string) => boolean;

type Tree =
  | { readonly is: 'one'; readonly test: Test }
  | { readonly is: 'start' | 'end' }
  | { readonly is: 'sequence' | 'either'; readonly parts: readonly Tree[] }
  | { readonly is: 'repeat'; readonly part: Tree; readonly min: number; readonly max: number };

function parse(source: string): Tree {
  const characters = [...source];
  if (characters.length > MAX_PATTERN_LENGTH)
    throw new PatternError(`Invalid pattern: ${characters.length} characters, at most ${MAX_PATTERN_LENGTH} are taken`);
  let at = 0;

  const wrong = (why: string) => new PatternError(`Invalid pattern ${JSON.stringify(source)}: ${why} at ${at + 1}`);
  const skip = (character: string) => {
    if (characters[at] !== character) return false;
    at++;
    return true;
  };
  const next = (what: string): string => {
    const character = characters[at];
    if (character === undefined) throw wrong(`${what} missing`);
    at++;
    return character;
  };

  function either(): Tree {
    const parts = [sequence()];
    while (skip('|')) parts.push(sequence());
    return { is: 'either', parts };
  }

  function sequence(): Tree {
    const parts: Tree[] = [];
    while (at < characters.length && characters[at] !== '|' && characters[at] !== ')') parts.push(repeated());
    return { is: 'sequence', parts };
  }

  function repeated(): Tree {
    let part = single();
    for (let times = repetition(); times; times = repetition()) {
      part = { is: 'repeat', part, ...times };
      // Greedy or not, what is found is found.
      skip('?');
    }
    return part;
  }

  function repetition(): { min: number; max: number } | null {
    if (skip('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (skip('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (skip('?')) return { min: 0, max: 1 };
    const braces = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(characters.slice(at, at + 9).join(''));
    if (!braces) return null;
    const min = Number(braces[1]);
    const max = braces[2] === undefined ? min : braces[3] ? Number(braces[3]) : Number.POSITIVE_INFINITY;
    if (min > max || min > MAX_REPEAT || (Number.isFinite(max) && max > MAX_REPEAT))
      throw wrong(`repetition ${braces[0]}, expected at most {${MAX_REPEAT}} and the lower bound first,`);
    at += braces[0].length;
    return { min, max };
  }

  function single(): Tree {
    const character = next('character');
    switch (character) {
      case '^':
        return { is: 'start' };
      case '$':
        return { is: 'end' };
      case '.':
        return { is: 'one', test: (other) => other !== '\n' };
      case '(':
        return group();
      case '[':
        return { is: 'one', test: characterClass() };
      case '\\':
        return { is: 'one', test: escaped() };
      case '*':
      case '+':
      case '?':
      case '{':
        at--;
        throw wrong(`nothing to repeat by ${character} (a literal is written \\${character})`);
      default:
        return { is: 'one', test: (other) => other === character };
    }
  }

  function group(): Tree {
    if (skip('?') && !skip(':')) throw wrong('(?, of which only (?: is taken,');
    const inside = either();
    if (!skip(')')) throw wrong(') missing');
    return inside;
  }

  function characterClass(): Test {
    const opposite = skip('^');
    const tests: Test[] = [];
    do {
      const from = next(']');
      if (from === '\\') tests.push(escaped());
      else if (characters[at] === '-' && characters[at + 1] !== ']') tests.push(range(from));
      else tests.push((other) => other === from);
    } while (!skip(']'));
    return (other) => tests.some((test) => test(other)) !== opposite;
  }

  function range(from: string): Test {
    at++;
    const to = next('end of range');
    if (to === '\\' || from > to) throw wrong(`range ${from}-${to}, expected the lower character first,`);
    return (other) => other >= from && other <= to && other.length === from.length;
  }

  function escaped(): Test {
    const character = next('character after \\');
    const known = ESCAPES.get(character);
    if (known) return known;
    if (/[0-9A-Za-z]/.test(character)) throw wrong(`\\${character}, which is not taken,`);
    return (other) => other === character;
  }

  const tree = either();
  if (at < characters.length) throw wrong('unexpected )');
  return tree;
}

const isDigit: Test = (character) => /^[0-9]$/.test(character);
const isWord: Test = (character) => /^[0-9A-Za-z_]$/.test(character);
const isSpace: Test = (character) => /^\s$/.test(character);

const ESCAPES: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['d', isDigit],
  ['D', (character) => !isDigit(character)],
  ['w', isWord],
  ['W', (character) => !isWord(character)],
  ['s', isSpace],
  ['S', (character) => !isSpace(character)],
  ['t', (character) => character === '\t'],
  ['n', (character) => character === '\n'],
  ['r', (character) => character === '\r'],
]);

type State =
  | { readonly is: 'one'; readonly test: Test; readonly next: number }
  | { readonly is: 'start' | 'end'; readonly next: number }
  | { readonly is: 'fork'; next: readonly number[] };

/** States by number; the first is where all is matched, the last where matching starts. */
type States = readonly State[];
const MATCHED = 0;

function compile(tree: Tree): States {
  const states: State[] = [{ is: 'fork', next: [] }];
  let steps = 0;

  /** Adds the states of a tree that goes on to `next`; returns where it begins. */
  function add(part: Tree, next: number): number {
    // Counted, for repetitions of nothing add no states and would still take their time.
    if (++steps > 4 * MAX_STATES || states.length >= MAX_STATES)
      throw new PatternError(`Invalid pattern: more than ${MAX_STATES} states, repeat less`);
    switch (part.is) {
      case 'one':
        return push({ is: 'one', test: part.test, next });
      case 'start':
      case 'end':
        return push({ is: part.is, next });
      case 'sequence':
        return part.parts.reduceRight((after, one) => add(one, after), next);
      case 'either':
        return part.parts.length === 1 && part.parts[0]
          ? add(part.parts[0], next)
          : push({ is: 'fork', next: part.parts.map((one) => add(one, next)) });
      case 'repeat':
        return repeat(part, next);
    }
  }

  function repeat({ part, min, max }: Extract<Tree, { is: 'repeat' }>, next: number): number {
    let begin = next;
    if (max === Number.POSITIVE_INFINITY) {
      const fork: Extract<State, { is: 'fork' }> = { is: 'fork', next: [next] };
      begin = push(fork);
      fork.next = [add(part, begin), next];
    } else {
      for (let n = min; n < max; n++) begin = push({ is: 'fork', next: [add(part, begin), next] });
    }
    for (let n = 0; n < min; n++) begin = add(part, begin);
    return begin;
  }

  function push(state: State): number {
    states.push(state);
    return states.length - 1;
  }

  push({ is: 'fork', next: [add(tree, MATCHED)] });
  return states;
}

/** Follows all states at once, from every character on. */
function isFound(states: States, text: string): boolean {
  const characters = [...text];
  const seenAt = new Int32Array(states.length).fill(-1);
  let here: number[] = [];
  for (let at = 0; ; at++) {
    const character = characters[at];
    const reached: Test[] = [];
    const nexts: number[] = [];
    const open = [...here, states.length - 1];
    for (let number = open.pop(); number !== undefined; number = open.pop()) {
      const state = states[number];
      if (number === MATCHED) return true;
      if (!state || seenAt[number] === at) continue;
      seenAt[number] = at;
      if (state.is === 'fork') open.push(...state.next);
      else if (state.is === 'one') {
        reached.push(state.test);
        nexts.push(state.next);
      } else if (state.is === 'start' ? at === 0 : character === undefined) open.push(state.next);
    }
    if (character === undefined) return false;
    here = nexts.filter((_, index) => reached[index]?.(character));
  }
}
