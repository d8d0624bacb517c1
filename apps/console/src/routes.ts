import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, demandScope } from './access.ts';
import { AnswerPieces, answerBytes } from './answer-bytes.ts';
import { QueryError } from './errors.ts';
import type { Freshness } from './freshness.ts';
import type { ConsoleOptions } from './options.ts';
import type { Groups } from './ports.ts';
import type { LongKind, Turn, Turns } from './turns.ts';

export interface Question extends Turn {
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
  readonly turns: Turns;
  get(
    path: string,
    handle: (question: Question) => Promise<Answered>,
    options?: { long?: LongKind },
  ): void;
}

/** Whose answers they are. */
const owners = new WeakMap<IncomingMessage, string>();

export function ownerOf(request: IncomingMessage): string | undefined {
  return owners.get(request);
}

export interface ApiParts {
  options: ConsoleOptions;
  freshness: Freshness;
  turns: Turns;
}

/** Every GET of the API: authenticated, bounded in number, time and size, answered with freshness. */
export function createApi(app: FastifyInstance, { options, freshness, turns }: ApiParts): Api {
  const { keys, clock, config } = options;
  const pieces = new AnswerPieces();
  return {
    options,
    freshness,
    turns,
    get(path, handle, { long } = {}) {
      app.get(path, async (request, reply) => {
        const caller = callerOf(request, keys);
        demandScope(caller, 'query');
        const { tenant } = caller;
        owners.set(request.raw, tenant);
        const { query, params } = request as Pick<Question, 'query' | 'params'> & FastifyRequest;
        const answer = await turns.take({ tenant, long, gone: goneOf(reply) }, async (turn) => {
          // The lag is asked first: the answer is at least as fresh as it says.
          const lags = freshness.lags();
          const nowMs = clock();
          const { store, body } = await handle({ tenant, query, params, nowMs, ...turn });
          await lags;
          const whole = { ...(body ?? { error: missing }), ...(await freshness.of(store)) };
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

/** Piece by piece, as no text of the whole is made: what a client does not read is bounded by the door. */
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

/** Aborted when the connection ends before the answer has been sent. */
export function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new QueryError('client-gone', 'the client has gone'));
  });
  return gone.signal;
}
