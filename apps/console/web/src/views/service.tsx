import type { OperationSummary, OperationsAnswer } from '../../../src/schema/service-answers.ts';
import { query } from '../lib/api.ts';
import { duration, kindName, rate } from '../lib/format.ts';
import { href, now, range } from '../lib/location.ts';
import { ago } from '../lib/time-format.ts';
import { useAutoRefresh } from '../lib/use-auto-refresh.ts';
import { useQuery } from '../lib/use-query.ts';
import { ServiceName } from '../ui/service-name.tsx';
import { Empty, ViewOf } from '../ui/states.tsx';
import { ErrorRatio } from './services.tsx';
import { TraceSearch } from './traces/trace-search.tsx';

export function ServicePage({ id: service }: { id: string }) {
  useAutoRefresh(15_000);
  const { fromMs, toMs } = range.value;
  const path = `/api/services/${encodeURIComponent(service)}/operations`;
  const answer = useQuery<OperationsAnswer>(query(path, { from: fromMs, to: toMs }));
  return (
    <div class="page">
      <div class="page-head">
        <h1>
          <ServiceName service={service} />
        </h1>
        <p class="sub">
          <a href={href('/traces', { service })}>Search its traces</a>
          <a href={href('/logs', { service })}>Logs</a>
          <a href={href('/services')}>All services</a>
        </p>
      </div>
      <section aria-label="Operations">
        <h2>Operations</h2>
        <ViewOf answer={answer} what="The operations">
          {({ operations, truncated }) =>
            operations.length ? (
              <>
                {truncated && <p class="sub">the busiest: there are more</p>}
                <OperationTable service={service} operations={operations} />
              </>
            ) : (
              <Empty title="No operation was seen in this time. A longer range may show some." />
            )
          }
        </ViewOf>
      </section>
      <section aria-label="Traces">
        <h2>Traces</h2>
        <TraceSearch filters={{ service }} />
      </section>
    </div>
  );
}

interface OperationTableProps {
  service: string;
  operations: readonly OperationSummary[];
}

function OperationTable({ service, operations }: OperationTableProps) {
  const rows = operations.toSorted((a, b) => b.ratePerSecond - a.ratePerSecond).slice(0, 100);
  return (
    <table class="table">
      <thead>
        <tr>
          <th scope="col">Operation</th>
          <th scope="col" class="num">
            Rate
          </th>
          <th scope="col" class="num">
            Errors
          </th>
          <th scope="col" class="num wide">
            p50
          </th>
          <th scope="col" class="num">
            p95
          </th>
          <th scope="col" class="num wide">
            p99
          </th>
          <th scope="col" class="num wide">
            Last seen
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.operation} ${row.kind}`}>
            <td class="name">
              <a href={href('/traces', { service, operation: row.operation })}>{row.operation}</a>
              <span class="faint wide"> {kindName(row.kind)}</span>
            </td>
            <td class="num">{rate(row.ratePerSecond)}</td>
            <td class="num">
              <ErrorRatio ratio={row.errorRatio} />
            </td>
            <td class="num wide">{duration(row.p50Ms)}</td>
            <td class="num">{duration(row.p95Ms)}</td>
            <td class="num wide">{duration(row.p99Ms)}</td>
            <td class="num wide faint">{ago(row.lastSeenMs, now.value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
