/** Asks the API over HTTP, and holds each answer to what the served document says of it. */
import { Compile } from 'typebox/compile';
import { expect } from 'vitest';
import type { GatewayUnderTest } from '../gateway/gateway-under-test.js';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: any;
  readonly headers: Headers;
}

export interface Ask {
  readonly body?: unknown;
  /** Sent as it is, with this type, instead of JSON. */
  readonly raw?: { readonly type: string; readonly bytes: string | Uint8Array };
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  readonly method: string;
  /** As in the document: `/api/devices/{device}`. */
  readonly path: string;
  readonly documented: any;
}

export interface Contract {
  readonly document: any;
  readonly operations: readonly Operation[];
  /** Asks, and expects the documented shape of an answer. */
  ask(method: string, path: string, ask?: Ask): Promise<Answer>;
  /** `METHOD path` → statuses that were seen. */
  readonly seen: Map<string, Set<number>>;
}

export async function openContract(
  gateway: GatewayUnderTest,
  seen = new Map<string, Set<number>>(),
): Promise<Contract> {
  const document = (await gateway.api('GET', '/api/openapi.json')).body;
  const operations: Operation[] = Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, documented]) => ({ method: method.toUpperCase(), path, documented })),
  );
  return {
    document,
    operations,
    seen,
    async ask(method, path, { body, raw, token = gateway.token, headers = {} } = {}) {
      const response = await fetch(gateway.url + path, {
        method,
        headers: {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(raw && { 'content-type': raw.type }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(raw && { body: raw.bytes as string }),
      });
      const type = response.headers.get('content-type')?.split(';')[0] ?? '';
      const text = await response.text();
      const answer = {
        status: response.status,
        type,
        body: /^application\/(problem\+)?json$/.test(type) ? JSON.parse(text) : text,
        headers: response.headers,
      };
      const operation = operations.find((one) => one.method === method && fits(one.path, path));
      if (operation) {
        const key = `${operation.method} ${operation.path}`;
        seen.set(key, (seen.get(key) ?? new Set()).add(response.status));
        expectDocumented(document, operation, answer);
      }
      return answer;
    },
  };
}

/** The path of an operation with its parameters filled in. */
export function filled(path: string, parameters: Readonly<Record<string, string>>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parameters[name] ?? 'x'));
}

/** The body that the document gives as an example. */
export function exampleBody(operation: Operation): unknown {
  return operation.documented.requestBody?.content?.['application/json']?.example;
}

function fits(template: string, path: string): boolean {
  const pattern = template.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+');
  return new RegExp(`^${pattern}$`).test(path.split('?')[0] ?? '');
}

function expectDocumented(document: any, { method, path, documented }: Operation, answer: Answer): void {
  const where = `${method} ${path} ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`;
  const response = documented.responses[answer.status];
  expect(response, `${where}: the status is not documented`).toBeDefined();
  if (answer.status === 204 || answer.status === 304) {
    expect(answer.body, where).toBe('');
    return;
  }
  const schema = response.content?.[answer.type]?.schema;
  expect(schema, `${where}: the type ${answer.type} is not documented`).toBeDefined();
  const validator = Compile(strict(resolved(document, schema)));
  expect(validator.Check(answer.body) ? [] : validator.Errors(answer.body), where).toEqual([]);
}

function resolved(document: any, schema: any): any {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((one) => resolved(document, one));
  if (typeof schema.$ref === 'string') {
    const at = schema.$ref.slice(2).split('/');
    return resolved(
      document,
      at.reduce((inner: any, key: string) => inner[key], document),
    );
  }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolved(document, value)]));
}

/** Objects take their documented properties only, so that nothing is given that is not described. */
function strict(schema: any): any {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(strict);
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  return schema.type === 'object' && schema.properties ? { ...inner, additionalProperties: false } : inner;
}
