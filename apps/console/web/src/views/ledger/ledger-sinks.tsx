import type { LedgerAnswer } from '../../../../src/schema/ledger-answers.ts';
import { count } from '../../lib/format.ts';

type Counts = LedgerAnswer['bySink'][string];

const rows: readonly { term: keyof Counts; name: string; sign: string }[] = [
  { term: 'accepted', name: 'accepted', sign: '' },
  { term: 'stored', name: 'stored', sign: '−' },
  { term: 'duplicates', name: 'duplicates', sign: '−' },
  { term: 'waiting', name: 'waiting', sign: '−' },
  { term: 'spilled', name: 'spilled', sign: '−' },
  { term: 'deadLettered', name: 'dead-lettered', sign: '−' },
  { term: 'expired', name: 'expired', sign: '−' },
  { term: 'undecided', name: 'undecided', sign: '−' },
  { term: 'difference', name: 'difference', sign: '=' },
];

/** The sum as it is done, for each store. */
export function LedgerSinks({ sinks, bySink }: Pick<LedgerAnswer, 'sinks' | 'bySink'>) {
  const columns = sinks.flatMap(({ name, title }) => {
    const counts = bySink[name];
    return counts ? [{ name, title, counts }] : [];
  });
  return (
    <section aria-label="The sum">
      <h2>
        The sum <span class="faint">for each store</span>
      </h2>
      <table class="table ledger-sum">
        <thead>
          <tr>
            <th scope="col">Records</th>
            {columns.map(({ name: sink, title }) => (
              <th scope="col" class="num" key={sink}>
                {title.charAt(0).toUpperCase() + title.slice(1)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ term, name, sign }) => (
            <tr key={term} class={term === 'difference' ? 'sum' : ''}>
              <th scope="row">
                <span class="sign" aria-hidden="true">
                  {sign}
                </span>
                {name}
              </th>
              {columns.map(({ name: sink, counts }) => (
                <td class={counts[term] === 0 ? 'num faint' : 'num'} key={sink}>
                  {count(counts[term])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
