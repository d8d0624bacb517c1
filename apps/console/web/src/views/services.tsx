import type { ServiceSummary, ServicesAnswer } from '../../../src/schema/service-answers.ts';
import { query } from '../lib/api.ts';
import { serviceColour } from '../lib/colour.ts';
import { duration, many, percent, rate } from '../lib/format.ts';
import { go, href, now, param, range, setParams } from '../lib/location.ts';
import { ago } from '../lib/time-format.ts';
import { useAutoRefresh } from '../lib/use-auto-refresh.ts';
import { useQuery } from '../lib/use-query.ts';
import { ServiceName } from '../ui/service-name.tsx';
import { Sparkline } from '../ui/sparkline.tsx';
import { Empty, SendFirst, ViewOf } from '../ui/states.tsx';
import { useListKeys } from '../ui/use-list-keys.ts';

type SortKey =
  | 'service'
  | 'ratePerSecond'
  | 'errorRatio'
  | 'p50Ms'
  | 'p95Ms'
  | 'p99Ms'
  | 'lastSeenMs';

const columns: readonly { key: SortKey; name: string; wide?: boolean }[] = [
  { key: 'service', name: 'Service' },
  { key: 'ratePerSecond', name: 'Rate' },
  { key: 'errorRatio', name: 'Errors' },
  { key: 'p50Ms', name: 'p50', wide: true },
  { key: 'p95Ms', name: 'p95' },
  { key: 'p99Ms', name: 'p99', wide: true },
];

export function ServicesPage() {
  useAutoRefresh(10_000);
  const { fromMs, toMs } = range.value;
  const answer = useQuery<ServicesAnswer>(query('/api/services', { from: fromMs, to: toMs }));
  return (
    <div class="page">
      <div class="page-head">
        <h1>Services</h1>
        {answer.data && (
          <p class="sub">
            {many(answer.data.services.length, 'service')}
            {answer.data.truncated && ', the busiest: there are more'}
          </p>
        )}
      </div>
      <ViewOf answer={answer} what="The services">
        {({ services }) =>
          services.length ? (
            <ServiceTable services={sorted(services)} />
          ) : (
            <Empty title="No service was seen in this time.">
              <SendFirst signal="traces" />
            </Empty>
          )
        }
      </ViewOf>
    </div>
  );
}

function ServiceTable({ services }: { services: readonly ServiceSummary[] }) {
  const { active } = useListKeys(services.length, (i) => go(urlOf(services[i]?.service ?? '')));
  const sort = sortKey();
  return (
    <table class="table">
      <thead>
        <tr>
          {columns.map(({ key, name, wide }) => (
            <th
              key={key}
              scope="col"
              class={`${key === 'service' ? '' : 'num'} ${wide ? 'wide' : ''}`}
              aria-sort={
                sort === key ? (key === 'service' ? 'ascending' : 'descending') : undefined
              }
            >
              <button type="button" onClick={() => setParams({ sort: key }, { replace: true })}>
                {name}
              </button>
            </th>
          ))}
          <th scope="col" class="wide">
            Requests
          </th>
          <th scope="col" class="num wide">
            Last seen
          </th>
        </tr>
      </thead>
      <tbody>
        {services.map((each, i) => (
          <ServiceRow key={each.service} each={each} active={i === active} />
        ))}
      </tbody>
    </table>
  );
}

function ServiceRow({ each, active }: { each: ServiceSummary; active: boolean }) {
  return (
    <tr class={active ? 'active' : ''}>
      <td class="name">
        <a href={urlOf(each.service)}>
          <ServiceName service={each.service} />
        </a>
      </td>
      <td class="num">{rate(each.ratePerSecond)}</td>
      <td class="num">
        <ErrorRatio ratio={each.errorRatio} />
      </td>
      <td class="num wide">{took(each.p50Ms, each)}</td>
      <td class="num">{took(each.p95Ms, each)}</td>
      <td class="num wide">{took(each.p99Ms, each)}</td>
      <td class="spark wide">
        <Sparkline values={each.sparkline} colour={serviceColour(each.service)} />
      </td>
      <td class="num wide faint">{ago(each.lastSeenMs, now.value)}</td>
    </tr>
  );
}

function urlOf(service: string): string {
  return href(`/services/${encodeURIComponent(service)}`);
}

export function ErrorRatio({ ratio }: { ratio: number }) {
  if (ratio === 0) return <span class="faint">0 %</span>;
  return (
    <span class="error-ratio">
      <span aria-hidden="true">▲ </span>
      {percent(ratio)}
    </span>
  );
}

/** A service that was only called from inside itself has no requests to measure. */
function took(ms: number, { ratePerSecond }: ServiceSummary): string {
  return ratePerSecond === 0 ? '–' : duration(ms);
}

function sortKey(): SortKey {
  const wanted = param('sort');
  return columns.find(({ key }) => key === wanted)?.key ?? 'ratePerSecond';
}

function sorted(services: readonly ServiceSummary[]): ServiceSummary[] {
  const key = sortKey();
  return services.toSorted((a, b) => {
    const byName = a.service.localeCompare(b.service);
    return key === 'service' ? byName : b[key] - a[key] || byName;
  });
}
