import type { LedgerAnswer } from '../../../../src/answers.ts';
import { count } from '../../lib/format.ts';

type Counts = LedgerAnswer['bySink']['writer'];

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
export function LedgerSinks({ bySink }: { bySink: LedgerAnswer['bySink'] }) {
  return (
    <section aria-label="The sum">
      <h2>
        The sum <span class="faint">for each store</span>
      </h2>
      <table class="table ledger-sum">
        <thead>
          <tr>
            <th scope="col">Records</th>
            <th scope="col" class="num">
              Write store
            </th>
            <th scope="col" class="num">
              Search store
            </th>
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
              {(['writer', 'search'] as const).map((sink) => (
                <td class={bySink[sink][term] === 0 ? 'num faint' : 'num'} key={sink}>
                  {count(bySink[sink][term])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
