import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { callerOf, demandScope } from './access.ts';
import type { DeadLetterCount, ResubmitAnswer } from './answers.ts';
import type { ConsoleConfig } from './config.ts';
import { badParameter, QueryError } from './errors.ts';
import { deadLetterId, oneOf, paging, readParameters, text } from './parameters.ts';
import type { DeadLetters, DeadLetterView } from './ports.ts';
import { type Api, goneOf } from './routes.ts';

const perRequestMax = 500;
const limitDefault = 100;
/** Most resubmissions by one code in one request; asking again and again shows how far it is. */
const perCodeMax = 100;
/** A request that is about to be too late ends with what it sent. */
const timeShare = 0.8;

const spec = {
  signal: oneOf(['traces', 'metrics', 'logs']),
  group: text(200),
  code: text(200),
  all: oneOf(['true', 'false']),
  ...paging(perRequestMax),
};

const name = z.string().min(1).max(200);
const resubmitBody = z.union([
  z.strictObject({ ids: z.array(name).min(1).max(perRequestMax) }),
  z.strictObject({ code: name, group: name.optional() }),
]);

export function addDeadLetterRoutes(api: Api, app: FastifyInstance): void {
  const { deadLetters, keys, config, report } = api.options;

  // Both read what the process keeps of them: who asks at once shares one bounded reading.
  api.get('/api/dead-letters', async ({ tenant, query, nowMs, ending }) => {
    const { limit, cursor, all, ...filters } = readParameters(spec, query, nowMs);
    const filter = { ...filters, tenant, all: all === 'true' };
    const { deadLetters: newest, isWhole } = await deadLetters.newest(filter, ending);
    const page = pageOf(newest, limit ?? limitDefault, cursor);
    const body = { ...page, byCode: countByCode(newest), truncated: !isWhole };
    return { store: undefined, body };
  });

  api.get('/api/dead-letters/*', async ({ tenant, query, params, nowMs, ending, room }) => {
    readParameters({}, query, nowMs);
    const { id = '' } = readParameters({ id: deadLetterId }, { id: params['*'] }, nowMs);
    return { store: undefined, body: await deadLetters.show(id, { tenant, ending, room }) };
  });

  app.post('/api/dead-letters/resubmit', async (request, reply): Promise<ResubmitAnswer> => {
    const caller = callerOf(request, keys);
    demandScope(caller, 'admin');
    const body = resubmitBody.safeParse(request.body);
    if (!body.success) {
      const wanted = `{"ids": […]} (at most ${perRequestMax}) or {"code": "…", "group": "…"}`;
      throw new QueryError('bad-body', `wanted ${wanted}`);
    }
    const { tenant } = caller;
    const order = { tenant, long: 'resubmission', gone: goneOf(reply) } as const;
    const answer = await api.turns.take(order, ({ ending }) =>
      resubmit({ deadLetters, tenant, wanted: body.data, config, ending }),
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
}

/** Resubmits dead letters of a whole code, at most `perCodeMax` at a time, oldest first. */
async function resubmit(order: Resubmission): Promise<ResubmitAnswer> {
  const { deadLetters, tenant, wanted, config, ending } = order;
  const filter = 'ids' in wanted ? {} : wanted;
  const found = await deadLetters.newest({ ...filter, tenant }, ending);
  const oldestFirst = found.deadLetters.toReversed();
  const own = new Set(oldestFirst.flatMap(({ id, hasBody }) => (hasBody ? [id] : [])));
  const ids = 'ids' in wanted ? wanted.ids : [...own].slice(0, perCodeMax);
  const resubmitted = await deadLetters.resubmit(
    ids.filter((id) => own.has(id)),
    {
      ratePerSecond: config.resubmitPerSecond,
      signal: AbortSignal.any([ending, AbortSignal.timeout(timeShare * config.queryTimeoutMs)]),
    },
  );
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
