import type { FastifyInstance } from 'fastify';
import { callerOf, demandScope } from './access.ts';
import { QueryError } from './errors.ts';
import type { Freshness } from './freshness.ts';
import type { ConsoleOptions } from './options.ts';
import type { Groups } from './ports.ts';
import { withTimeout } from './timeout.ts';

export interface Question {
  tenant: string;
  query: Readonly<Record<string, unknown>>;
  params: Readonly<Record<string, string>>;
  nowMs: number;
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
  get(path: string, handle: (question: Question) => Promise<Answered>): void;
}

/** Every GET of the API: authenticated, bounded in number and time, answered with freshness. */
export function createApi(
  app: FastifyInstance,
  options: ConsoleOptions,
  freshness: Freshness,
): Api {
  const { config, keys, clock } = options;
  let running = 0;
  return {
    options,
    freshness,
    get(path, handle) {
      app.get(path, async (request, reply) => {
        const caller = callerOf(request, keys);
        demandScope(caller, 'query');
        if (running >= config.queriesMax) {
          reply.header('retry-after', '1');
          throw new QueryError('too-many-queries', `${running} queries are running already`);
        }
        running++;
        try {
          const question: Question = {
            tenant: caller.tenant,
            query: request.query as Question['query'],
            params: request.params as Question['params'],
            nowMs: clock(),
          };
          // The lag is asked first: the answer is at least as fresh as it says.
          const lags = freshness.lags();
          const { store, body } = await withTimeout(() => handle(question), config.queryTimeoutMs);
          await lags;
          const fresh = await freshness.of(store);
          if (body) return { ...body, ...fresh };
          reply.code(404);
          const error = { code: 'not-found', message: 'there is nothing of that id in the store' };
          return { error, ...fresh };
        } finally {
          running--;
        }
      });
    },
  };
}
