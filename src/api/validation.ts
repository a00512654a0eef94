/** Checks what clients send against the routes' schemas, and says of the first error what the field takes. */
import type { FastifySchemaCompiler } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { badField, Problem } from './problem.js';

/**
 * Parameters are text and are converted to what their schema says; bodies are taken as they are. Bytes are not looked
 * into.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  if (member(schema, 'format') === 'binary') return () => true;
  const validator = Compile(schema);
  const isText = httpPart !== 'body';
  return (data: unknown) => {
    const value = isText ? converted(validator, data) : data;
    if (validator.Check(value)) return { value };
    const meant = alternative(schema, value);
    return { error: explained(meant, Compile(meant).Errors(value), data) };
  };
};

/** Text that was converted, but where what came of it says something else: `1.5` is no whole number, though it has one. */
function converted(validator: { Convert(value: unknown): unknown }, texts: unknown): unknown {
  // It converts in place.
  const values = validator.Convert(structuredClone(texts));
  if (typeof values !== 'object' || values === null) return values;
  const pairs = Object.entries(values).map(([key, value]) => {
    const text = member(texts, key);
    return [key, typeof text !== 'string' || String(value) === text ? value : text];
  });
  return Object.fromEntries(pairs);
}

/** Of the schemas of a union the one that has most of the fields that are given, else the schema itself. */
function alternative(schema: TSchema, value: unknown): TSchema {
  const alternatives: unknown = member(schema, 'anyOf');
  if (!Array.isArray(alternatives) || typeof value !== 'object' || value === null) return schema;
  const known = (one: unknown) => Object.keys(value).filter((key) => Object.hasOwn(children(one), key)).length;
  const most = Math.max(...alternatives.map(known));
  const found: unknown = most > 0 ? alternatives.find((one) => known(one) === most) : schema;
  return typeof found === 'object' && found !== null ? found : schema;
}

type SchemaError = ReturnType<ReturnType<typeof Compile>['Errors']>[number];

function explained(schema: TSchema, errors: readonly SchemaError[], data: unknown): Problem {
  const unknown = errors.find((error) => error.keyword === 'additionalProperties');
  const first = unknown ?? errors[0];
  if (!first) return new Problem(400, 'the request is not valid');
  if (first.keyword === 'additionalProperties') {
    const field = [...pointer(first.instancePath), ...first.params.additionalProperties.slice(0, 1)].join('.');
    const known = Object.keys(children(at(schema, first.instancePath)));
    const taken = known.length > 0 ? known.join(', ') : 'none';
    return new Problem(400, `${field}: unknown field; known are ${taken}`, { field, takes: taken });
  }
  const path = pointer(first.instancePath);
  if (first.keyword === 'required') path.push(...first.params.requiredProperties.slice(0, 1));
  const takes = taken(at(schema, `/${path.join('/')}`));
  const given = path.reduce<unknown>((value, key) => member(value, key), data);
  const field = path.join('.') || 'body';
  if (given === undefined || given === null)
    return new Problem(400, `${field}: missing, it takes ${takes}`, { field, takes });
  return badField(field, given, takes);
}

/** What a schema takes, for a person: its description, or else what its keywords say. */
export function taken(schema: unknown): string {
  const get = (key: string) => member(schema, key);
  if (get('type') === 'boolean') return 'true or false';
  const description = get('description');
  if (typeof description === 'string') return description;
  const choices = get('enum');
  if (Array.isArray(choices)) return choices.join(' or ');
  const [low, high] = [get('minimum'), get('maximum')];
  switch (get('type')) {
    case 'integer':
      return `a whole number${low === undefined ? '' : ` from ${low}`}${high === undefined ? '' : ` to ${high}`}`;
    case 'number':
      return 'a number';
    case 'string':
      return `text of ${get('minLength') ?? 0} to ${get('maxLength') ?? 'any number of'} characters`;
    case 'array':
      return `a list of ${get('minItems') ?? 0} to ${get('maxItems') ?? 'any number of'} entries`;
    case 'object':
      return `an object with ${Object.keys(children(schema)).join(', ')}`;
    default:
      return 'something else';
  }
}

function pointer(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  return parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function at(schema: unknown, path: string): unknown {
  return pointer(path).reduce<unknown>(
    (inner, key) => children(inner)[key] ?? member(inner, 'items') ?? ofAnyName(inner),
    schema,
  );
}

/** The schema of the members of a map. */
function ofAnyName(schema: unknown): unknown {
  const patterns = member(schema, 'patternProperties');
  return typeof patterns === 'object' && patterns !== null ? Object.values(patterns)[0] : undefined;
}

function children(schema: unknown): Record<string, unknown> {
  const properties = member(schema, 'properties');
  return typeof properties === 'object' && properties !== null ? { ...properties } : {};
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}
