import type { z } from 'zod';
import type { Fresh } from '../schema/fresh.ts';
import { errorAnswer, missingAnswer } from '../schema/fresh.ts';
import type { LongKind } from './turns.ts';

/** Groups of paths in the reference. */
export const tags = {
  telemetry: 'Traces, logs and metrics.',
  services: 'Rates, errors and durations, and who calls whom.',
  pipeline: 'The system itself: lag, health, and the account of every record.',
  'dead-letters': 'Accepted records that a store could not take.',
  session: 'The API key that a browser keeps.',
  description: 'The description of this API for programs.',
} as const;

/** A route as the reference describes it. */
export interface RouteText {
  path: string;
  tag: keyof typeof tags;
  /** A few words. */
  summary: string;
  /** Whole sentences: what the summary leaves open. */
  description?: string;
  /** Needs no API key. */
  isOpen?: boolean;
}

/** A question that is answered as JSON, with its freshness. */
export interface Route<Q extends z.ZodType, P extends z.ZodType, A extends z.ZodType>
  extends RouteText {
  query: Q;
  params: P;
  /** Schema of a success; not checked when an answer is sent, but in the tests of every route. */
  answer: A;
  /** Answers 404 with the freshness, as what is asked for may still be on its way. */
  mayBeMissing?: boolean;
  long?: LongKind;
}

/** Declares a route, and infers the types of its parameters and of its answer. */
export function route<Q extends z.ZodType, P extends z.ZodType, A extends z.ZodType>(
  declared: Route<Q, P, A>,
): Route<Q, P, A> {
  return declared;
}

/**
 * What a route answers beside its freshness; undefined where there is no such thing, which is a
 * 404.
 */
export type Body<A extends z.ZodType> = Omit<z.input<A>, keyof Fresh> | undefined;

interface Schemas {
  querystring?: z.ZodType;
  params?: z.ZodType;
  body?: z.ZodType;
  /** Answers by status, without those of errors. */
  answers: Readonly<Record<string, Described | z.ZodUndefined>>;
}

interface Described {
  description: string;
  content: Readonly<Record<string, { schema: z.ZodType }>>;
}

/** Describes an answer in JSON for OpenAPI. */
export function described(description: string, schema: z.ZodType): Described {
  return { description, content: { 'application/json': { schema } } };
}

const wrong = described('The request is wrong, or refused: see the errors.', errorAnswer);
const failed = described('It cannot be answered now: see the errors.', errorAnswer);
const missing = described('There is no such thing, or it is still on its way.', missingAnswer);

/**
 * Makes the schema by which Fastify checks a request, and from which OpenAPI describes the route.
 */
export function schemaOf(
  { tag, summary, description, isOpen }: RouteText,
  { answers, ...input }: Schemas,
) {
  return {
    tags: [tag],
    summary,
    ...(description && { description }),
    ...(isOpen && { security: [] }),
    ...input,
    response: { ...answers, '4xx': wrong, '5xx': failed },
  };
}

/** Makes the schema of a route that is declared by `route`. */
export function questionSchema({
  query,
  params,
  answer,
  mayBeMissing,
  ...text
}: Route<z.ZodType, z.ZodType, z.ZodType>) {
  const found = { 200: described('The answer.', answer) };
  const answers = { ...found, ...(mayBeMissing && { 404: missing }) };
  const hasParams = /[:*]/.test(text.path);
  return schemaOf(text, { querystring: query, ...(hasParams && { params }), answers });
}
