import { StoreError, type StoreErrorCode } from '@spillway/store';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import type { ConsoleEvent } from '../ports.ts';
import type { ErrorBody } from '../schema/fresh.ts';
import { badParameter, type ErrorCode, QueryError } from './errors.ts';
import { invalidInput } from './invalid-input.ts';

/**
 * Answers errors as JSON of one shape; what is not expected is reported, and answered without
 * details.
 */
export function addFailures(app: FastifyInstance, report?: (event: ConsoleEvent) => void): void {
  app.setErrorHandler((thrown: FastifyError | QueryError | StoreError, request, reply) => {
    const error = asQueryError(thrown, request);
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
  reply.code(error.status).send(errorBody(error));
}

function errorBody({ code, message, detail }: QueryError): ErrorBody {
  return { error: { code, message, ...detail } };
}

/**
 * Turns whatever was thrown into an error of the API; what is not expected becomes `unavailable`, a
 * 503.
 */
export function asQueryError(error: unknown, request: FastifyRequest): QueryError {
  if (error instanceof QueryError) return error;
  if (error instanceof StoreError) return ofStore(error, request);
  if (hasZodFastifySchemaValidationErrors(error)) return invalidInput(error, request);
  return ofFastify(error);
}

interface Answer {
  code: ErrorCode;
  /** Absent: the store's own message is fit for a client. */
  message?: string;
}

const tryAgain: Answer = {
  code: 'unavailable',
  message: 'the broker or a store could not answer; try again',
};

/** Whatever a store may throw. */
const answers: Readonly<Record<StoreErrorCode, Answer>> = {
  'invalid-query': { code: 'bad-parameter' },
  'too-much-asked': { code: 'too-much-asked' },
  refused: {
    code: 'too-much-asked',
    message: 'the store does not take this question; ask for less',
  },
  overloaded: {
    code: 'too-many-queries',
    message: 'too many queries of this tenant run or wait already; ask again later',
  },
  unsupported: { code: 'unsupported', message: 'the configured store cannot answer this' },
  unavailable: tryAgain,
  'rebuild-under-way': tryAgain,
  'rebuild-lost': tryAgain,
};

function ofStore(error: StoreError, { url }: FastifyRequest): QueryError {
  const { code, message = error.message } = answers[error.code];
  if (!error.invalid) return new QueryError(code, message, undefined, { cause: error });
  const { parameter: key, wanted } = error.invalid;
  const got = new URLSearchParams(url.split('?')[1]).get(key);
  return badParameter({ key, wanted, got: got === null ? 'nothing' : JSON.stringify(got) });
}

const byFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-type',
};

function ofFastify(error: unknown): QueryError {
  const { code = '', statusCode = 500, message } = error as Partial<FastifyError>;
  const known = byFastify[code];
  if (known) return new QueryError(known, message ?? code);
  if (statusCode < 500) return new QueryError('bad-body', message ?? code);
  return new QueryError(tryAgain.code, tryAgain.message ?? '', undefined, { cause: error });
}

function missing(request: FastifyRequest): QueryError {
  const { method } = request;
  if (method === 'GET' || method === 'HEAD') {
    return new QueryError('not-found', 'there is no such path in the query API');
  }
  return new QueryError('wrong-method', `${method} is not answered here`);
}
