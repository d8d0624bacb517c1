import { InvalidCursorError, TooMuchAskedError } from '@spillway/store';
import { QueueFullError } from '@spillway/store/search';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ErrorBody } from './answers.ts';
import { badParameter, type ErrorCode, QueryError } from './errors.ts';
import type { ConsoleEvent } from './ports.ts';

/**
 * Answers errors as JSON of one shape. An unexpected error is reported to the operator, and its
 * details are not sent.
 */
export function addFailures(app: FastifyInstance, report?: (event: ConsoleEvent) => void): void {
  app.setErrorHandler((thrown: FastifyError | QueryError, request, reply) => {
    const error = ofStore(thrown, request) ?? asQueryError(thrown);
    if (error.status >= 500) {
      const route = request.routeOptions.url ?? request.url;
      report?.({ type: 'query-failed', route, code: error.code, error: thrown });
    }
    if (error.code === 'too-many-queries') reply.header('retry-after', '1');
    if (error.code === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
    send(reply, error);
  });
  app.setNotFoundHandler((request, reply) => {
    send(reply, missing(request));
  });
}

function send(reply: FastifyReply, error: QueryError): void {
  const { code, message, detail, status } = error;
  const body: ErrorBody = { error: { code, message, ...detail } };
  reply.code(status).send(body);
}

/** What a store says of the question, not of itself. */
function ofStore(error: unknown, { query }: FastifyRequest): QueryError | undefined {
  if (error instanceof InvalidCursorError) {
    const { cursor } = query as { cursor?: unknown };
    const got = String(cursor).slice(0, 100);
    return badParameter({ key: 'cursor', wanted: 'the cursor of an answer', got });
  }
  if (error instanceof TooMuchAskedError) return new QueryError('too-much-asked', error.message);
  if (error instanceof QueueFullError) {
    return new QueryError('too-many-queries', 'too many queries of this tenant wait already');
  }
  if ((error as { blamesStore?: boolean }).blamesStore !== false) return undefined;
  const message = 'the store refuses this query; ask for less';
  return new QueryError('too-much-asked', message, undefined, { cause: error });
}

const byFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-type',
};

function asQueryError(error: FastifyError | QueryError): QueryError {
  if (error instanceof QueryError) return error;
  const known = byFastify[error.code];
  if (known) return new QueryError(known, error.message);
  const asked = error.statusCode !== undefined && error.statusCode < 500;
  if (asked) return new QueryError('bad-body', error.message);
  const message = 'the broker or a store could not answer; try again';
  return new QueryError('unavailable', message, undefined, { cause: error });
}

function missing(request: FastifyRequest): QueryError {
  const { method } = request;
  if (method === 'GET' || method === 'HEAD') {
    return new QueryError('not-found', 'there is no such path in the query API');
  }
  return new QueryError('wrong-method', `${method} is not supported for this path`);
}
