import type { LagAnswer } from './answers.ts';
import { range, readParameters } from './parameters.ts';
import type { Api } from './routes.ts';

/** The system itself. Lag and health are not a tenant's; the ledger is. */
export function addPipelineRoutes(api: Api): void {
  const { ledger, admin } = api.options;

  api.get('/api/lag', async ({ query, nowMs }) => {
    readParameters({}, query, nowMs);
    return { store: undefined, body: await readLag(api) };
  });

  api.get('/api/status', async ({ query, nowMs }) => {
    readParameters({}, query, nowMs);
    return { store: undefined, body: { unsafe: admin.unsafe() } };
  });

  api.get('/api/pipeline', async ({ query, nowMs }) => {
    readParameters({}, query, nowMs);
    const [lag, gateways] = await Promise.all([readLag(api), admin.gateways?.() ?? []]);
    const { ok, components } = admin.ready();
    return { store: undefined, body: { ...lag, ready: ok, components, gateways } };
  });

  api.get('/api/ledger', async ({ tenant, query, nowMs }) => {
    const { since } = readParameters({ since: range.from }, query, nowMs);
    return { store: 'writer', body: await ledger({ since, tenant }) };
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
