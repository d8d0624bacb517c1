import type { OutgoingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { z } from 'zod';
import { callerOf, demandScope } from '../http/access.ts';
import { QueryError } from '../http/errors.ts';
import { asQueryError } from '../http/failures.ts';
import { type Api, goneOf, letIn, tenantOf } from '../query/api.ts';
import { type RouteText, schemaOf } from '../query/route.ts';
import { tailLine } from '../schema/log-answers.ts';
import { parameters, severity, text } from '../schema/parameters.ts';
import { readTail } from '../tail/read-tail.ts';
import { batchLimits, tailTimes } from '../tail/tail-limits.ts';
import { type TailClient, TailStream } from '../tail/tail-stream.ts';
import { Tails } from '../tail/tails.ts';

const tailText: RouteText = {
  path: '/api/logs/tail',
  tag: 'telemetry',
  summary: 'Follow logs as they come',
  description:
    'Server-sent events: `log` has a line as JSON; `skipped` has `{"records"}`, the number of logs of ' +
    'the tenant that came before the next line and are not shown; `end` has `{"code", "message"}`, ' +
    'the reason for which the console ends the stream. At most 100 lines a second are sent, and a ' +
    'comment at least every 15 s. A client that reads nothing for 10 s is disconnected. The tail ' +
    'begins with the last 50 lines, or behind `Last-Event-ID`. It holds the last minutes only, and ' +
    'not every log: use `/api/logs` to search them all.',
};

const query = parameters({
  service: text().optional().describe('Logs of this service.'),
  severity: severity.optional(),
  query: text().optional().describe('Words that the text contains, all of them.'),
  afterId: text(100)
    .optional()
    .describe('Begins behind the line of this id, as `Last-Event-ID` does.'),
});

/**
 * Follows the live store for as long as the client reads, within the bounds of `tail-limits.ts`.
 */
export function addTailRoute(api: Api, app: FastifyInstance): void {
  const { live, keys, config } = api.options;
  const tails = new Tails(config);
  app.addHook('preClose', async () => tails.close());
  const events = { 'text/event-stream': { schema: tailLine } };
  const answers = { 200: { description: 'Events, until either side ends it.', content: events } };
  const schema = schemaOf(tailText, { querystring: query, answers });
  const shared = { onRequest: letIn('query', api.options), schema, exposeHeadRoute: false };
  app.get<{ Querystring: z.output<typeof query> }>(
    tailText.path,
    shared,
    async (request, reply) => {
      const tenant = tenantOf(request);
      const leave = await tails.enter(tenant);
      try {
        const { afterId, severity: severityMin, ...filters } = request.query;
        const asked = { ...filters, tenant, signal: 'logs', severityMin } as const;
        const gone = goneOf(reply);
        const ending = AbortSignal.any([gone, tails.closing]);
        const read = (afterId: string | undefined) =>
          api.turns.take({ tenant, gone }, ({ room }) =>
            readTail(live, { ...asked, afterId }, { ...batchLimits, room }),
          );
        const checkAccess = (): void => {
          const caller = callerOf(request, keys);
          demandScope(caller, 'query');
          if (caller.tenant !== tenant) throw new QueryError('forbidden', 'the key has changed');
        };
        const first = await read(afterId ?? lastEventId(request.headers));
        const asError = (error: unknown) => asQueryError(error, request);
        const client = begin(reply);
        const times = tailTimes;
        await new TailStream({ client, read, checkAccess, asError, ending, times }).run(first);
      } finally {
        leave();
      }
      return reply;
    },
  );
}

/** What a browser sends that asks again. */
function lastEventId(headers: Readonly<Record<string, unknown>>): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function begin(reply: FastifyReply): TailClient {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(reply.getHeaders() as OutgoingHttpHeaders),
    'content-type': 'text/event-stream; charset=utf-8',
    // For proxies that would gather events before they pass them on.
    'x-accel-buffering': 'no',
    connection: 'close',
  });
  return {
    write: (text) => void raw.write(text),
    get isBlocked() {
      return raw.writableLength > 0;
    },
    end: () => void raw.end(),
    cut: () => void raw.destroy(),
  };
}
