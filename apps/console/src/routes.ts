import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, demandScope } from './access.ts';
import { QueryError } from './errors.ts';
import type { Freshness } from './freshness.ts';
import type { ConsoleOptions } from './options.ts';
import type { Groups } from './ports.ts';
import type { Turns } from './turns.ts';

export interface Question {
  tenant: string;
  query: Readonly<Record<string, unknown>>;
  params: Readonly<Record<string, string>>;
  nowMs: number;
  /** At the deadline, and when the client has gone: the work for it ends. */
  ending: AbortSignal;
}

interface Answered {
  /** Whose lag counts; undefined: the slowest. */
  store: keyof Groups | undefined;
  /** Undefined: there is no such thing (404, with the freshness, as it may still be on its way). */
  body: object | undefined;
}

/** What a file of routes is given. */
export interface Api {
  readonly options: ConsoleOptions;
  readonly freshness: Freshness;
  readonly turns: Turns;
  get(
    path: string,
    handle: (question: Question) => Promise<Answered>,
    options?: { isLong?: boolean },
  ): void;
}

export interface ApiParts {
  options: ConsoleOptions;
  freshness: Freshness;
  turns: Turns;
}

/** Every GET of the API: authenticated, bounded in number and time, answered with freshness. */
export function createApi(app: FastifyInstance, { options, freshness, turns }: ApiParts): Api {
  const { keys, clock } = options;
  return {
    options,
    freshness,
    turns,
    get(path, handle, { isLong = false } = {}) {
      app.get(path, async (request, reply) => {
        const caller = callerOf(request, keys);
        demandScope(caller, 'query');
        const { tenant } = caller;
        const ask = async (ending: AbortSignal): Promise<Answered> => {
          const { query, params } = request as Pick<Question, 'query' | 'params'> & FastifyRequest;
          return await handle({ tenant, query, params, nowMs: clock(), ending });
        };
        // The lag is asked first: the answer is at least as fresh as it says.
        const lags = freshness.lags();
        const { store, body } = await turns.take({ tenant, isLong, gone: goneOf(reply) }, ask);
        await lags;
        const fresh = await freshness.of(store);
        if (body) return { ...body, ...fresh };
        reply.code(404);
        const error = { code: 'not-found', message: 'there is nothing of that id in the store' };
        return { error, ...fresh };
      });
    },
  };
}

/** Aborted when the connection ends before the answer has been sent. */
export function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new QueryError('client-gone', 'the client has gone'));
  });
  return gone.signal;
}
