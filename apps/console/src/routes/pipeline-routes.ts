import type { PartitionLag } from '@spillway/broker';
import { DrainTimes } from '../fleet/drain-time.ts';
import { fleetAnswer, unsafeOf } from '../fleet/fleet-reading.ts';
import type { Api } from '../query/api.ts';
import { route } from '../query/route.ts';
import type { Fresh } from '../schema/fresh.ts';
import { ledgerAnswer } from '../schema/ledger-answers.ts';
import { instant, noParameters, parameters, time } from '../schema/parameters.ts';
import {
  dependenciesAnswer,
  type GroupDrain,
  type LagAnswer,
  lagAnswer,
  pipelineAnswer,
  statusAnswer,
} from '../schema/pipeline-answers.ts';

const own = { tag: 'pipeline', query: noParameters, params: noParameters } as const;

const showDependencies = route({
  ...own,
  path: '/api/dependencies',
  summary: 'All processes, and the servers that they report as down',
  answer: dependenciesAnswer,
});

const showLag = route({
  ...own,
  path: '/api/lag',
  summary: 'How far each consumer group is behind the log',
  answer: lagAnswer,
});

const showStatus = route({
  ...own,
  path: '/api/status',
  summary: 'Safety checks that are switched off',
  answer: statusAnswer,
});

const showPipeline = route({
  ...own,
  path: '/api/pipeline',
  summary: 'Lag, processes and dependencies in one',
  answer: pipelineAnswer,
});

const showLedger = route({
  ...own,
  path: '/api/ledger',
  summary: 'The account of what was accepted',
  description:
    'For the tenant of the key. One such request is answered at a time, within limits on memory and time; `spillway audit` has none.',
  query: parameters({
    since: time
      .optional()
      .describe('First minute of acceptance; everything that is kept when absent.'),
  }),
  answer: ledgerAnswer,
  long: 'ledger',
});

/**
 * Adds the routes about the system itself: lag and health of the whole, the ledger of the key's
 * tenant.
 */
export function addPipelineRoutes(api: Api): void {
  const { ledger, admin } = api.options;
  const drainTimes = new DrainTimes();
  const readFleet = async (nowMs: number) =>
    fleetAnswer(await admin.fleet(), { drainTimes, nowMs });

  api.get(showDependencies, async ({ nowMs }) => {
    return { sink: undefined, body: await readFleet(nowMs) };
  });

  api.get(showLag, async () => {
    return { sink: undefined, body: await readLag(api) };
  });

  api.get(showStatus, async () => {
    return { sink: undefined, body: { unsafe: unsafeOf(await admin.fleet()) } };
  });

  api.get(showPipeline, async ({ nowMs }) => {
    const [lag, fleet] = await Promise.all([readLag(api), readFleet(nowMs)]);
    const { ok, components } = admin.ready();
    const drain = drainOf(lag.lag, drainTimes, nowMs);
    return { sink: undefined, body: { ...lag, ...fleet, ready: ok, components, drain } };
  });

  api.get(showLedger, async ({ tenant, query, nowMs, ending }) => {
    const since = instant('since', query.since, nowMs);
    return { sink: 'writer', body: await ledger({ since, tenant, ending }) };
  });
}

function drainOf(lag: readonly PartitionLag[], times: DrainTimes, nowMs: number): GroupDrain[] {
  const groups = Map.groupBy(lag, ({ group, topic }) => `lag of ${group} ${topic}`);
  return [...groups].flatMap(([name, partitions]) => {
    const [first] = partitions;
    if (!first) return [];
    const { group, topic } = first;
    const messages = partitions.map((partition) => partition.messages);
    const known = messages.filter((count) => count !== null);
    if (known.length < messages.length) return [{ group, topic, seconds: null }];
    const waiting = known.reduce((sum, count) => sum + count, 0);
    return [{ group, topic, seconds: times.seconds(name, waiting, nowMs) }];
  });
}

async function readLag(api: Api): Promise<Omit<LagAnswer, keyof Fresh>> {
  const lags = await api.freshness.lags();
  return {
    lag: lags.flatMap(({ partitions }) => partitions ?? []),
    lagAgeSeconds: Math.max(0, ...lags.map(({ ageMs }) => ageMs)) / 1_000,
    unknownGroups: lags.filter((each) => !each.partitions).map(({ sink }) => sink.group),
  };
}
