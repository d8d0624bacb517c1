import type { LedgerAnswer, LedgerCounts } from '../../../../src/schema/ledger-answers.ts';
import { query } from '../../lib/api.ts';
import { count, many } from '../../lib/format.ts';
import { href, now, param, setParams } from '../../lib/location.ts';
import { useAutoRefresh } from '../../lib/use-auto-refresh.ts';
import { useQuery } from '../../lib/use-query.ts';
import { State } from '../../ui/state.tsx';
import { Empty, ViewOf } from '../../ui/states.tsx';
import { LedgerFindings } from './ledger-findings.tsx';
import { LedgerMinutes } from './ledger-minutes.tsx';
import { LedgerSinks } from './ledger-sinks.tsx';

/** An audit reads much. */
const everyMs = 30_000;

const sinces = [
  { value: 'now-1h', name: 'the last hour' },
  { value: 'now-24h', name: 'the last 24 hours' },
  { value: 'now-7d', name: 'the last 7 days' },
  { value: 'all', name: 'all that is kept' },
] as const;
const signals = ['traces', 'logs', 'metrics'] as const;

/** `spillway audit`, for one tenant: where every accepted record is. */
export function LedgerPage() {
  useAutoRefresh(everyMs);
  const since = param('since') ?? 'now-24h';
  const signal = param('signal');
  const url = query('/api/ledger', { since: since === 'all' ? undefined : since });
  const ledger = useQuery<LedgerAnswer>(url, now.value);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Ledger</h1>
        <p class="sub">Where every accepted record is: looked up and counted, never a remainder</p>
      </div>
      <Filters since={since} signal={signal} />
      <ViewOf answer={ledger} what="The ledger">
        {(data) => <Ledger data={data} signal={signal} />}
      </ViewOf>
    </div>
  );
}

function Filters({ since, signal }: { since: string; signal: string | undefined }) {
  const isListed = sinces.some(({ value }) => value === since);
  return (
    <div class="ledger-filters">
      <label>
        <span>Accepted in</span>
        <select
          class="button"
          value={since}
          onChange={(event) => setParams({ since: event.currentTarget.value })}
        >
          {sinces.map(({ value, name }) => (
            <option value={value} key={value}>
              {name}
            </option>
          ))}
          {!isListed && <option value={since}>since {since}</option>}
        </select>
      </label>
      <label>
        <span>Signal</span>
        <select
          class="button"
          value={signal ?? ''}
          onChange={(event) => setParams({ signal: event.currentTarget.value || undefined })}
        >
          <option value="">all</option>
          {signals.map((name) => (
            <option value={name} key={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Ledger({ data, signal }: { data: LedgerAnswer; signal: string | undefined }) {
  const totals = signal ? data.bySignal[signal] : data.totals;
  if (!totals || isNothing(totals)) {
    return <Empty title="Nothing was accepted in this time." />;
  }
  const isOf = (each: { signal: string }) => signal === undefined || each.signal === signal;
  return (
    <>
      <Verdict data={data} totals={totals} />
      <Totals totals={totals} />
      <LedgerFindings ledger={data} isOf={isOf} />
      {signal === undefined && <LedgerSinks sinks={data.sinks} bySink={data.bySink} />}
      <LedgerMinutes minutes={data.minutes.filter(isOf)} leftOff={data.leftOff.minutes ?? 0} />
    </>
  );
}

function Verdict({ data, totals }: { data: LedgerAnswer; totals: LedgerCounts }) {
  const { open, missingNotes } = data;
  const isWhole = totals.unaccounted === 0;
  return (
    <p class="ledger-verdict">
      <State ok={isWhole && missingNotes.length === 0}>
        {isWhole
          ? 'every accepted record is accounted for'
          : `${many(totals.unaccounted, 'record')} unaccounted for`}
      </State>
      {missingNotes.length > 0 && <span>a gateway's note is missing</span>}
      {open.length > 0 && (
        <span class="faint">
          {many(new Set(open.map(({ minute }) => minute)).size, 'minute')} still open
        </span>
      )}
    </p>
  );
}

function isNothing(totals: LedgerCounts): boolean {
  return Object.values(totals).every((value) => value === 0);
}

const names: Partial<Record<keyof LedgerCounts, string>> = { deadLettered: 'dead-lettered' };

function Totals({ totals }: { totals: LedgerCounts }) {
  return (
    <section aria-label="Totals">
      <dl class="numbers ledger-totals">
        {(Object.entries(totals) as [keyof LedgerCounts, number][]).map(([term, value]) => (
          <div key={term} class={value === 0 ? 'none' : term === 'unaccounted' ? 'bad' : ''}>
            <dt>{names[term] ?? term}</dt>
            <dd>
              {term === 'deadLettered' && value > 0 ? (
                <a href={href('/dead-letters')}>{count(value)}</a>
              ) : (
                count(value)
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
