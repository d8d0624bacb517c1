import type { PartitionLag } from '@spillway/broker';
import type { GroupDrain, LagAnswer } from '../answers.ts';
import { DrainTimes } from '../fleet/drain-time.ts';
import { fleetAnswer, unsafeOf } from '../fleet/fleet-reading.ts';
import { range, readParameters } from '../parameters.ts';
import type { Api } from '../query/api.ts';

/** The system itself. Lag and health are not a tenant's; the ledger is. */
export function addPipelineRoutes(api: Api): void {
  const { ledger, admin } = api.options;
  const drainTimes = new DrainTimes();
  const readFleet = async (nowMs: number) =>
    fleetAnswer(await admin.fleet(), { drainTimes, nowMs });

  api.get('/api/dependencies', async ({ query, nowMs }) => {
    readParameters({}, query, nowMs);
    return { store: undefined, body: await readFleet(nowMs) };
  });

  api.get('/api/lag', async ({ query, nowMs }) => {
    readParameters({}, query, nowMs);
    return { store: undefined, body: await readLag(api) };
  });

  api.get('/api/status', async ({ query, nowMs }) => {
    readParameters({}, query, nowMs);
    return { store: undefined, body: { unsafe: unsafeOf(await admin.fleet()) } };
  });

  api.get('/api/pipeline', async ({ query, nowMs }) => {
    readParameters({}, query, nowMs);
    const [lag, fleet] = await Promise.all([readLag(api), readFleet(nowMs)]);
    const { ok, components } = admin.ready();
    const drain = drainOf(lag.lag, drainTimes, nowMs);
    return { store: undefined, body: { ...lag, ...fleet, ready: ok, components, drain } };
  });

  api.get(
    '/api/ledger',
    async ({ tenant, query, nowMs, ending }) => {
      const { since } = readParameters({ since: range.from }, query, nowMs);
      return { store: 'writer', body: await ledger({ since, tenant, ending }) };
    },
    { long: 'ledger' },
  );
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

async function readLag(api: Api): Promise<Pick<LagAnswer, 'lag' | 'unknownGroups'>> {
  const { groups } = api.options;
  const lags = await api.freshness.lags();
  const names = ['writer', 'search', 'live'] as const;
  return {
    lag: names.flatMap((name) => lags[name] ?? []),
    unknownGroups: names.filter((name) => !lags[name]).map((name) => groups[name]),
  };
}
