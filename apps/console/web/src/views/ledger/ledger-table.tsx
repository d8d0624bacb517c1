import type { LedgerAnswer, LedgerCounts } from '../../../../src/schema/ledger-answers.ts';
import { count, many, spaced } from '../../lib/format.ts';
import { href } from '../../lib/location.ts';
import { State } from '../../ui/state.tsx';

/** What was accepted in the last 24 hours, and where it is now. In records. */
export function LedgerTable({ ledger }: { ledger: LedgerAnswer }) {
  const { totals, bySignal, open } = ledger;
  const { unaccounted } = totals;
  const columns = [...Object.entries(bySignal), ['all', totals] as [string, LedgerCounts]];
  const terms = Object.keys(totals) as (keyof LedgerCounts)[];
  return (
    <section aria-label="Ledger">
      <h2>
        Ledger <span class="faint">records accepted in the last 24 hours, and where they are</span>
      </h2>
      <p>
        <State ok={unaccounted === 0}>
          {unaccounted === 0
            ? 'every accepted record is accounted for'
            : `${count(unaccounted)} records are unaccounted for`}
        </State>
        {open.length > 0 && <span class="faint"> {many(open.length, 'minute')} still open</span>}
      </p>
      <div class="scroll-x">
        <table class="table ledger">
          <thead>
            <tr>
              <th scope="col">Records</th>
              {columns.map(([name]) => (
                <th scope="col" class="num" key={name}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {terms.map((term) => (
              <tr key={term} class={term === 'unaccounted' ? 'sum' : ''}>
                <TermHead term={term} />
                {columns.map(([name, counts]) => (
                  <td class={counts[term] === 0 ? 'num faint' : 'num'} key={name}>
                    {count(counts[term])}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function TermHead({ term }: { term: keyof LedgerCounts }) {
  return (
    <th scope="row">
      {term === 'deadLettered' ? <a href={href('/dead-letters')}>dead-lettered</a> : spaced(term)}
    </th>
  );
}
