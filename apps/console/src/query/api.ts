import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Freshness } from '../fleet/freshness.ts';
import { type Caller, callerOf, demandScope } from '../http/access.ts';
import { QueryError } from '../http/errors.ts';
import type { ConsoleOptions } from '../options.ts';
import { AnswerPieces, answerBytes } from './answer-bytes.ts';
import { type Body, questionSchema, type Route } from './route.ts';
import type { Turn, Turns } from './turns.ts';

/** What a route has to answer: the checked parameters, who asks, and the bounds of the work. */
interface Question<Q = unknown, P = unknown> extends Turn {
  tenant: string;
  query: Q;
  params: P;
  nowMs: number;
}

interface Answered<A extends z.ZodType> {
  /**
   * Name of the sink of the store that answered, whose lag counts; undefined: the slowest counts.
   */
  sink: string | undefined;
  body: Body<A>;
}

/** What a file of routes adds its routes with. */
export interface Api extends ApiParts {
  get<Q extends z.ZodType, P extends z.ZodType, A extends z.ZodType>(
    route: Route<Q, P, A>,
    handle: Handle<Q, P, A>,
  ): void;
}

type Handle<Q extends z.ZodType, P extends z.ZodType, A extends z.ZodType> = (
  question: Question<z.output<Q>, z.output<P>>,
) => Promise<Answered<A>>;

/** What all routes of the API share. */
export interface ApiParts {
  options: ConsoleOptions;
  freshness: Freshness;
  turns: Turns;
}

const callers = new WeakMap<IncomingMessage, Caller>();

/**
 * Returns the tenant whose key `letIn` accepted for a request; undefined for one that it did not
 * accept.
 */
export function ownerOf(request: IncomingMessage): string | undefined {
  return callers.get(request)?.tenant;
}

/**
 * Makes a hook that refuses a request without the scope before anything else of it is looked at.
 */
export function letIn(scope: 'query' | 'admin', { keys }: Pick<ConsoleOptions, 'keys'>) {
  return async (request: FastifyRequest): Promise<void> => {
    const caller = callerOf(request, keys);
    demandScope(caller, scope);
    callers.set(request.raw, caller);
  };
}

/**
 * Returns the tenant of a request that `letIn` accepted.
 * @throws QueryError `unauthenticated` for any other request
 */
export function tenantOf(request: FastifyRequest): string {
  const tenant = ownerOf(request.raw);
  if (tenant === undefined)
    throw new QueryError('unauthenticated', 'the request has not been authenticated');
  return tenant;
}

/**
 * Makes what adds GET routes: authenticated, bounded in number, time and size, answered with
 * freshness.
 */
export function createApi(app: FastifyInstance, parts: ApiParts): Api {
  const { options, freshness, turns } = parts;
  const { clock, config } = options;
  const pieces = new AnswerPieces();
  const onRequest = letIn('query', options);
  return {
    ...parts,
    get<Q extends z.ZodType, P extends z.ZodType, A extends z.ZodType>(
      route: Route<Q, P, A>,
      handle: Handle<Q, P, A>,
    ) {
      const { path, long } = route;
      const shared = { onRequest, schema: questionSchema(route) };
      app.get(path, shared, async (request, reply) => {
        const tenant = tenantOf(request);
        // As the schemas of the route left them.
        const query = request.query as z.output<Q>;
        const params = request.params as z.output<P>;
        const answer = await turns.take({ tenant, long, gone: goneOf(reply) }, async (turn) => {
          // The lag is asked first: the answer is at least as fresh as it says.
          const lags = freshness.lags();
          const nowMs = clock();
          const { sink, body } = await handle({ tenant, query, params, nowMs, ...turn });
          await lags;
          const whole = { ...(body ?? { error: missing }), ...(await freshness.of(sink)) };
          const bytes = answerBytes(whole, { bytesMax: config.answerBytesMax, pieces });
          return { status: body ? 200 : 404, bytes };
        });
        reply.raw.once('close', () => pieces.giveBack(answer.bytes));
        send(reply, answer);
        return reply;
      });
    },
  };
}

const missing = { code: 'not-found', message: 'the store has nothing with this id' };

/**
 * Piece by piece, as no text of the whole is made: what a client does not read is bounded by the
 * door.
 */
function send(reply: FastifyReply, { status, bytes }: { status: number; bytes: Buffer[] }): void {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(status, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.reduce((sum, { length }) => sum + length, 0),
  });
  for (const piece of bytes) raw.write(piece);
  raw.end();
}

/**
 * Returns a signal that is aborted, as `client-gone`, when the connection ends before the answer is
 * sent.
 */
export function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new QueryError('client-gone', 'the client has gone'));
  });
  return gone.signal;
}
