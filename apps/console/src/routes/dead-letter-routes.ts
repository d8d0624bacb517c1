import { signals } from '@spillway/otlp';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ConsoleConfig } from '../config.ts';
import { badParameter } from '../http/errors.ts';
import type { DeadLetters, DeadLetterView } from '../ports.ts';
import { type Api, goneOf, letIn, tenantOf } from '../query/api.ts';
import { described, type RouteText, route, schemaOf } from '../query/route.ts';
import { tooMany } from '../query/turns.ts';
import {
  type DeadLetterCount,
  deadLetterAnswer,
  deadLettersAnswer,
  type ResubmitAnswer,
  resubmitAnswer,
} from '../schema/dead-letter-answers.ts';
import {
  cursor,
  deadLetterId,
  limit,
  noParameters,
  oneOf,
  parameters,
  text,
} from '../schema/parameters.ts';

const perRequestMax = 500;
const limitDefault = 100;
/** Most resubmissions by one code in one request; asking again and again shows how far it is. */
const perCodeMax = 100;
/** A request ends with what it sent when so much of its time is left. */
const timeLeftShare = 0.2;

const listDeadLetters = route({
  path: '/api/dead-letters',
  tag: 'dead-letters',
  summary: 'List dead letters',
  query: parameters({
    signal: oneOf(signals).optional().describe('Signal of the records.'),
    group: text(200).optional().describe('The consumer group that refused it.'),
    code: text(200).optional().describe('Code of the reason, such as `malformed-record`.'),
    all: oneOf(['true', 'false'])
      .default('false')
      .describe('Whether to list also those that were sent back.'),
    limit: limit({ max: perRequestMax, by: limitDefault }),
    cursor,
  }),
  params: noParameters,
  answer: deadLettersAnswer,
});

const showDeadLetter = route({
  path: '/api/dead-letters/*',
  tag: 'dead-letters',
  summary: 'One dead letter with its records',
  query: noParameters,
  params: z.object({
    '*': deadLetterId.describe('Id of the dead letter; its slashes need no encoding.'),
  }),
  answer: deadLetterAnswer,
  mayBeMissing: true,
});

const bodyWanted = `{"ids": […]} (at most ${perRequestMax}) or {"code": "…", "group": "…"}`;
const name = z.string().min(1).max(200);
const resubmitBody = z.union(
  [
    z.strictObject({
      ids: z.array(name).min(1).max(perRequestMax).describe('Ids of dead letters.'),
    }),
    z.strictObject({
      code: name.describe('Code of the reason for which they were refused.'),
      group: name.optional().describe('The consumer group that refused them; any when absent.'),
    }),
  ],
  bodyWanted,
);

const resubmitRoute: RouteText = {
  path: '/api/dead-letters/resubmit',
  tag: 'dead-letters',
  summary: 'Send dead letters back into the log',
  description:
    `Either those with the given ids, or those of one code: the oldest ${perCodeMax} that were not ` +
    'sent back yet. ' +
    'The key needs the scope `admin`.',
};

/** Adds the routes that list, show and resubmit the dead letters of the key's tenant. */
export function addDeadLetterRoutes(api: Api, app: FastifyInstance): void {
  const { deadLetters, config, report } = api.options;

  // Both read what the process keeps of them: who asks at once shares one bounded reading.
  api.get(listDeadLetters, async ({ tenant, query, ending }) => {
    const { limit, cursor, all, ...filters } = query;
    const filter = { ...filters, tenant, all: all === 'true' };
    const { deadLetters: newest, isWhole } = await deadLetters.newest(filter, ending);
    const page = pageOf(newest, limit, cursor);
    const body = { ...page, byCode: countByCode(newest), truncated: !isWhole };
    return { sink: undefined, body };
  });

  api.get(showDeadLetter, async ({ tenant, params: { '*': id }, ending, room }) => {
    return { sink: undefined, body: await deadLetters.show(id, { tenant, ending, room }) };
  });

  const schema = schemaOf(resubmitRoute, {
    body: resubmitBody,
    answers: { 200: described('What was sent.', resubmitAnswer) },
  });
  const shared = { onRequest: letIn('admin', api.options), schema };
  type Parsed = { Body: z.output<typeof resubmitBody> };
  app.post<Parsed>(resubmitRoute.path, shared, async (request, reply): Promise<ResubmitAnswer> => {
    const tenant = tenantOf(request);
    const order = { tenant, long: 'resubmission', gone: goneOf(reply) } as const;
    const answer = await api.turns.take(order, ({ ending, endsAtMs }) =>
      resubmit({ deadLetters, tenant, wanted: request.body, config, ending, endsAtMs }),
    );
    const { resubmitted, skipped } = answer;
    const counts = { resubmitted: resubmitted.length, skipped: skipped.length };
    report?.({ type: 'resubmitted', tenant, ...counts });
    return answer;
  });
}

interface Resubmission {
  deadLetters: DeadLetters;
  tenant: string;
  wanted: z.output<typeof resubmitBody>;
  config: Pick<ConsoleConfig, 'queryTimeoutMs' | 'resubmitPerSecond'>;
  ending: AbortSignal;
  endsAtMs: number;
}

/**
 * Resubmits those that are wanted: of a whole code at most `perCodeMax` at a time, oldest first.
 * @throws QueryError `too-many-queries` where its turn came too late to send anything
 */
async function resubmit(order: Resubmission): Promise<ResubmitAnswer> {
  const { deadLetters, tenant, wanted, config, ending, endsAtMs } = order;
  const leftMs = endsAtMs - performance.now() - timeLeftShare * config.queryTimeoutMs;
  if (leftMs <= 0) throw tooMany();
  const timeIsUp = AbortSignal.timeout(Math.ceil(leftMs));
  const filter = 'ids' in wanted ? {} : wanted;
  const found = await deadLetters.newest({ ...filter, tenant }, ending);
  const oldestFirst = found.deadLetters.toReversed();
  const own = new Set(oldestFirst.flatMap(({ id, hasBody }) => (hasBody ? [id] : [])));
  const ids = 'ids' in wanted ? wanted.ids : [...own].slice(0, perCodeMax);
  const sending = deadLetters.resubmit(
    ids.filter((id) => own.has(id)),
    {
      ratePerSecond: config.resubmitPerSecond,
      abort: AbortSignal.any([ending, timeIsUp]),
    },
  );
  const resubmitted: string[] = [];
  try {
    for await (const id of sending) resubmitted.push(id);
  } catch (error) {
    if (error !== timeIsUp.reason) throw error;
  }
  const sent = new Set(resubmitted);
  return { resubmitted, skipped: ids.filter((id) => !sent.has(id)) };
}

/** The cursor is the id of the last dead letter of the page before. */
function pageOf(deadLetters: readonly DeadLetterView[], limit: number, cursor: string | undefined) {
  const last = cursor === undefined ? -1 : deadLetters.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && last < 0) {
    throw badParameter({ key: 'cursor', wanted: 'the cursor of an answer', got: cursor });
  }
  const page = deadLetters.slice(last + 1, last + 1 + limit);
  const more = last + 1 + limit < deadLetters.length;
  return { deadLetters: page, cursor: more ? page.at(-1)?.id : undefined };
}

/** An answer that many share is counted once. */
const counted = new WeakMap<readonly DeadLetterView[], DeadLetterCount[]>();

function countByCode(deadLetters: readonly DeadLetterView[]): DeadLetterCount[] {
  const known = counted.get(deadLetters) ?? count(deadLetters);
  counted.set(deadLetters, known);
  return known;
}

function count(deadLetters: readonly DeadLetterView[]): DeadLetterCount[] {
  const counts = new Map<string, DeadLetterCount>();
  for (const { code, group, records } of deadLetters) {
    const key = `${code}\0${group}`;
    const sum = counts.get(key) ?? { code, group, deadLetters: 0, records: 0 };
    sum.deadLetters++;
    sum.records += records;
    counts.set(key, sum);
  }
  return [...counts.values()].sort((a, b) => b.records - a.records);
}
