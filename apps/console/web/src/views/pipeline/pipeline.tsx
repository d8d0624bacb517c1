import type { LedgerAnswer } from '../../../../src/schema/ledger-answers.ts';
import type { PipelineAnswer } from '../../../../src/schema/pipeline-answers.ts';
import { query } from '../../lib/api.ts';
import { many } from '../../lib/format.ts';
import { now } from '../../lib/location.ts';
import { useAutoRefresh } from '../../lib/use-auto-refresh.ts';
import { useQuery } from '../../lib/use-query.ts';
import { State } from '../../ui/state.tsx';
import { ViewOf } from '../../ui/states.tsx';
import { LedgerTable } from '../ledger/ledger-table.tsx';
import { Dependencies } from './dependencies.tsx';
import { GatewayCard } from './gateway-card.tsx';
import { LagTable } from './lag-table.tsx';
import { ProcessTable } from './process-table.tsx';

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
            <span>{fleetText(pipeline.data)}</span>
          </p>
        )}
      </div>
      <ViewOf answer={pipeline} what="The state of the pipeline">
        {(data) => <Parts data={data} />}
      </ViewOf>
      <ViewOf answer={ledger} what="The ledger">
        {(data) => <LedgerTable ledger={data} />}
      </ViewOf>
    </div>
  );
}

function Parts({ data }: { data: PipelineAnswer }) {
  const { components, dependencies, drain, lag, processes, reportersMin, unknownGroups } = data;
  const gateways = processes.filter(({ document }) => document?.gateway);
  return (
    <>
      <Dependencies dependencies={dependencies} reportersMin={reportersMin} view={data.view} />
      {gateways.length > 0 && (
        <section aria-label="Gateways">
          <h2>Gateways</h2>
          <ul class="gateways">
            {gateways.map((each) => (
              <GatewayCard process={each} key={each.name} />
            ))}
          </ul>
        </section>
      )}
      <LagTable lag={lag} drain={drain} unknownGroups={unknownGroups} />
      <ProcessTable processes={processes} />
      <Components components={components} />
    </>
  );
}

function Components({ components }: { components: PipelineAnswer['components'] }) {
  return (
    <section aria-label="Components">
      <h2>
        Components <span class="faint">of the process that answers</span>
      </h2>
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

function fleetText({ view, processes }: PipelineAnswer): string {
  if (view === 'shared')
    return `${many(processes.length, 'process', 'processes')} known through Redis`;
  if (view === 'lost') return 'Redis is away: only the process that answers is shown';
  return 'the process that answers';
}
