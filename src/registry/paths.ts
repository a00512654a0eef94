/** Paths of the registry: `/device/by-ident/imei:123/`. They begin and end with a slash; names are percent-encoded. */

/** Longest path, and longest name of a value, in bytes of UTF-8: what an LMDB key takes, with room to spare. */
export const MAX_PATH_BYTES = 1_024;
export const MAX_VALUE_NAME_BYTES = 512;

/** The root: it always exists and cannot be deleted. */
export const ROOT = '/';

/** What is wrong with an operation on the registry: `code` is stable, the message is for a person. */
export class RegistryError extends Error {
  constructor(
    readonly code: 'invalid_path' | 'invalid_name' | 'not_found' | 'root',
    message: string,
  ) {
    super(message);
    this.name = 'RegistryError';
  }
}

/** The path of these names, from the root down. Names are encoded: whatever they hold, they stay one name each. */
export function path(...names: string[]): string {
  let joined = ROOT;
  for (const name of names) joined += `${encodeName(name)}/`;
  return checkPath(joined);
}

/** A name as it stands in a path: `/`, `%`, control characters and a name of only dots are percent-encoded. */
export function encodeName(name: string): string {
  if (name === '')
    throw new RegistryError('invalid_name', 'Invalid name: it is empty, expected at least one character');
  if (name === '.' || name === '..') return name.replaceAll('.', '%2E');
  return UNSAFE.test(name) ? name.replace(UNSAFE_ALL, percent) : name;
}

/** The name that `encodeName` made this of; `children` of the registry gives names as they stand in paths. */
export function decodeName(encoded: string): string {
  return encoded.includes('%') ? encoded.replace(/%([0-9A-F]{2})/g, (_, hex: string) => fromHex(hex)) : encoded;
}

/** The path above, or null for the root. */
export function parentOf(of: string): string | null {
  return of === ROOT ? null : of.slice(0, of.lastIndexOf('/', of.length - 2) + 1);
}

/** The last name of a path as it stands there (encoded); empty for the root. */
export function nameOf(of: string): string {
  return of === ROOT ? '' : of.slice(of.lastIndexOf('/', of.length - 2) + 1, -1);
}

/** The path itself, when it is one; throws `RegistryError` when it is not. */
export function checkPath(given: string): string {
  if (!WELL_FORMED.test(given)) {
    throw new RegistryError('invalid_path', `Invalid path: ${shown(given)}, expected /name/name/ without empty names`);
  }
  if (byteLength(given) > MAX_PATH_BYTES) {
    throw new RegistryError(
      'invalid_path',
      `Path too long: ${shown(given)}, at most ${MAX_PATH_BYTES} bytes are taken`,
    );
  }
  return given;
}

/** The name of a value itself, when it is one; throws `RegistryError` when it is not. */
export function checkValueName(name: string): string {
  if (name === '' || byteLength(name) > MAX_VALUE_NAME_BYTES) {
    const takes = `1 to ${MAX_VALUE_NAME_BYTES} bytes of UTF-8`;
    throw new RegistryError('invalid_name', `Invalid name of a value: ${shown(name)}, expected ${takes}`);
  }
  return name;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNSAFE = /[/%\u0000-\u001f\u007f]/;
const UNSAFE_ALL = new RegExp(UNSAFE, 'g');
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it keeps out
const WELL_FORMED = /^\/(?:(?!\.{1,2}\/)[^/\u0000-\u001f\u007f]+\/)*$/;

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

function fromHex(hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}

function byteLength(text: string): number {
  return text.length * 3 <= MAX_VALUE_NAME_BYTES ? text.length : Buffer.byteLength(text);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
