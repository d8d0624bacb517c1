import type { OperationsAnswer, ServicesAnswer } from '../../../../src/schema/service-answers.ts';
import { query } from '../../lib/api.ts';
import { attributesOf, parseAttributes, showAttributes } from '../../lib/attribute-filter.ts';
import { param, place, range, setParams } from '../../lib/location.ts';
import { useQuery } from '../../lib/use-query.ts';
import { TraceSearch } from './trace-search.tsx';

export function TracesPage() {
  const filters = {
    service: param('service'),
    operation: param('operation'),
    minDurationMs: param('minDurationMs'),
    maxDurationMs: param('maxDurationMs'),
    status: param('status'),
    ...attributesOf(place.value.params),
  };
  return (
    <div class="page">
      <div class="page-head">
        <h1>Traces</h1>
      </div>
      <SearchForm />
      <TraceSearch filters={filters} />
    </div>
  );
}

function SearchForm() {
  const { fromMs, toMs } = range.value;
  const service = param('service');
  const services = useQuery<ServicesAnswer>(query('/api/services', { from: fromMs, to: toMs }));
  const operations = useQuery<OperationsAnswer>(
    service &&
      query(`/api/services/${encodeURIComponent(service)}/operations`, { from: fromMs, to: toMs }),
  );
  const key = place.value.params.toString();
  return (
    <form class="search" onSubmit={search} key={key}>
      <label>
        Service
        <input name="service" list="services" defaultValue={service ?? ''} data-search />
      </label>
      <datalist id="services">
        {services.data?.services.map((each) => (
          <option value={each.service} key={each.service} />
        ))}
      </datalist>
      <label>
        Operation
        <input name="operation" list="operations" defaultValue={param('operation') ?? ''} />
      </label>
      <datalist id="operations">
        {operations.data?.operations.map((each) => (
          <option value={each.operation} key={`${each.operation} ${each.kind}`} />
        ))}
      </datalist>
      <MsField label="Min ms" name="minDurationMs" />
      <MsField label="Max ms" name="maxDurationMs" />
      <StatusField />
      <label class="grow">
        Attributes
        <input
          name="attributes"
          placeholder="http.route=/cart user.id=7"
          defaultValue={showAttributes(place.value.params)}
          spellcheck={false}
        />
      </label>
      <button type="submit" class="button primary">
        Search
      </button>
    </form>
  );
}

function MsField({ label, name }: { label: string; name: string }) {
  return (
    <label class="narrow">
      {label}
      <input name={name} type="number" min="0" step="any" defaultValue={param(name) ?? ''} />
    </label>
  );
}

function StatusField() {
  return (
    <label class="narrow">
      Status
      <select name="status">
        <option value="">any</option>
        <option value="error" selected={param('status') === 'error'}>
          error
        </option>
        <option value="ok" selected={param('status') === 'ok'}>
          no error
        </option>
      </select>
    </label>
  );
}

function search(event: Event): void {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  const text = (name: string): string => String(form.get(name) ?? '').trim();
  const old = Object.keys(attributesOf(place.value.params)).map((key) => [key, undefined]);
  setParams({
    ...Object.fromEntries(old),
    service: text('service'),
    operation: text('operation'),
    minDurationMs: text('minDurationMs'),
    maxDurationMs: text('maxDurationMs'),
    status: text('status'),
    ...parseAttributes(text('attributes')),
  });
}
