import type { FastifyRequest } from 'fastify';
import type { ZodFastifySchemaValidationError } from 'fastify-type-provider-zod';
import { badParameter, QueryError } from './errors.ts';
import { attributesKey, Undecodable } from './query-string.ts';

interface InvalidInput {
  validation: readonly ZodFastifySchemaValidationError[];
  /** Absent for an error that no request made. */
  validationContext?: string;
}

/**
 * Makes the 400 for input that a route's schema refuses, from the first issue, whose message is
 * what is wanted.
 */
export function invalidInput(
  { validation: [issue], validationContext }: InvalidInput,
  { params, query }: FastifyRequest,
): QueryError {
  const wanted = issue?.message ?? 'what the path takes';
  if (validationContext === 'body') return new QueryError('bad-body', `wanted ${wanted}`);
  const input = new Map<string, unknown>(
    Object.entries((validationContext === 'params' ? params : query) ?? {}),
  );
  const [name = '', ...rest] =
    issue?.keyword === 'unrecognized_keys'
      ? keysOf(issue.params)
      : (issue?.instancePath.slice(1).split('/') ?? []);
  if (name === attributesKey) return ofAttributes(input.get(name), rest.join('/'), wanted);
  const key = name === '*' ? 'id' : name;
  return badParameter({ key, ...compared(input.get(name), wanted) });
}

/** `key` as the client wrote it, behind `attr.`; '' when all of them together are wrong. */
function ofAttributes(pairs: unknown, key: string, wanted: string): QueryError {
  const all: unknown[][] = Array.isArray(pairs) ? pairs.filter(Array.isArray) : [];
  const found = all.find(([name]) => name === key) ?? all[0] ?? [];
  const name = wanted.startsWith('at most') ? '*' : String(found[0] ?? '');
  const value = name === '*' ? all.length : found[1];
  return badParameter({ key: `attr.${name}`, ...compared(value, wanted) });
}

function compared(value: unknown, wanted: string): { wanted: string; got: string } {
  const got = JSON.stringify(value) ?? 'nothing';
  if (value instanceof Undecodable) return { wanted: 'UTF-8, percent-encoded', got };
  return { wanted: Array.isArray(value) ? `${wanted}, once` : wanted, got };
}

function keysOf(params: unknown): string[] {
  const { keys } = Object(params) as { keys?: unknown };
  return Array.isArray(keys) ? keys.map(String) : [];
}
