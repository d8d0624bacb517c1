import type { LedgerAnswer, PipelineAnswer } from '../../../src/answers.ts';
import type { GatewayStats } from '../../../src/ports.ts';
import { query } from '../lib/api.ts';
import { bytes, short, spaced } from '../lib/format.ts';
import { now } from '../lib/location.ts';
import { useAutoRefresh } from '../lib/use-auto-refresh.ts';
import { useQuery } from '../lib/use-query.ts';
import { State } from '../ui/state.tsx';
import { ViewOf } from '../ui/states.tsx';
import { LagTable } from './lag-table.tsx';
import { LedgerTable } from './ledger-table.tsx';

/** An audit reads much: less often than the rest. */
const ledgerEveryMs = 30_000;

export function PipelinePage() {
  useAutoRefresh(5_000);
  const tick = now.value;
  const ledgerTick = Math.floor(tick / ledgerEveryMs);
  const pipeline = useQuery<PipelineAnswer>('/api/pipeline', tick);
  const ledger = useQuery<LedgerAnswer>(query('/api/ledger', { since: 'now-24h' }), ledgerTick);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Pipeline</h1>
        {pipeline.data && (
          <p class="sub">
            <State ok={pipeline.data.ready}>{pipeline.data.ready ? 'ready' : 'not ready'}</State>
          </p>
        )}
      </div>
      <ViewOf answer={pipeline} what="The state of the pipeline">
        {(data) => (
          <>
            <Components components={data.components} />
            {data.gateways.map((gateway) => (
              <Gateway gateway={gateway} key={gateway.name} />
            ))}
            <LagTable lag={data.lag} unknownGroups={data.unknownGroups} />
          </>
        )}
      </ViewOf>
      <ViewOf answer={ledger} what="The ledger">
        {(data) => <LedgerTable ledger={data} />}
      </ViewOf>
    </div>
  );
}

function Components({ components }: { components: PipelineAnswer['components'] }) {
  return (
    <section aria-label="Components">
      <h2>Components</h2>
      <ul class="components">
        {components.map(({ name, ok, detail }) => (
          <li key={name} class={ok ? '' : 'not-ok'}>
            <strong>{name}</strong>
            <State ok={ok}>{ok ? 'well' : 'unwell'}</State>
            <span class="faint">{detail}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Gateway({ gateway }: { gateway: GatewayStats }) {
  return (
    <section aria-label={`Gateway ${gateway.name}`}>
      <h2>Gateway {gateway.name}</h2>
      <dl class="numbers">
        {Object.entries(gateway.stats).map(([name, value]) => (
          <div key={name}>
            <dt>{spaced(name)}</dt>
            <dd>{statText(name, value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function statText(name: string, value: number | string): string {
  if (typeof value === 'string') return value;
  return /bytes/i.test(name) ? bytes(value) : short(value);
}
