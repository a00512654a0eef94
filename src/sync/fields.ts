/** Fields of documents by their names, `a.b` being within `a`. */

type Source = Readonly<Record<string, unknown>>;

/** A field, or undefined; a name with dots that stands as it is wins. */
export function fieldOf(source: Source, name: string): unknown {
  if (Object.hasOwn(source, name)) return source[name];
  return name.split('.').reduce<unknown>((inner, part) => (isObject(inner) ? inner[part] : undefined), source);
}

/** A copy with the field set; null takes it away. */
export function withField(source: Source, name: string, value: unknown): Source {
  const dot = Object.hasOwn(source, name) ? -1 : name.indexOf('.');
  if (dot >= 0) {
    const first = name.slice(0, dot);
    const inner = source[first];
    if (value === null && !isObject(inner)) return source;
    const changed = withField(isObject(inner) ? inner : {}, name.slice(dot + 1), value);
    return { ...source, [first]: changed };
  }
  if (value !== null) return { ...source, [name]: value };
  const { [name]: _, ...others } = source;
  return others;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
