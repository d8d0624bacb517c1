import { useState } from 'preact/hooks';
import type { LedgerAnswer } from '../../../../src/schema/ledger-answers.ts';
import { count } from '../../lib/format.ts';
import { timeText } from '../../lib/time-format.ts';

const rowsAtOnce = 50;

type Minute = LedgerAnswer['minutes'][number];
type Term = Exclude<keyof Minute, 'tenant' | 'signal' | 'minute'>;

const columns: readonly { term: Term; name: string }[] = [
  { term: 'unaccounted', name: 'Unaccounted' },
  { term: 'accepted', name: 'Accepted' },
  { term: 'stored', name: 'Stored' },
  { term: 'searchable', name: 'Searchable' },
  { term: 'duplicates', name: 'Duplicates' },
  { term: 'waiting', name: 'Waiting' },
  { term: 'spilled', name: 'Spilled' },
  { term: 'deadLettered', name: 'Dead-lettered' },
  { term: 'expired', name: 'Expired' },
  { term: 'undecided', name: 'Undecided' },
  { term: 'refused', name: 'Refused' },
];

/** Those with a difference come first, then the latest. */
export function LedgerMinutes({ minutes, leftOff }: { minutes: Minute[]; leftOff: number }) {
  const [shown, setShown] = useState(rowsAtOnce);
  const used = columns.filter(
    ({ term }, i) => i < 4 || minutes.some((minute) => minute[term] !== 0),
  );
  return (
    <section aria-label="Minutes">
      <h2>
        Minutes <span class="faint">of acceptance, those with a difference first</span>
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
      <div class="scroll-x" tabIndex={0}>
        <table class="table ledger-table ledger-minutes">
          <thead>
            <tr>
              <th scope="col">Minute</th>
              <th scope="col">Tenant</th>
              <th scope="col">Signal</th>
              {used.map(({ term, name }) => (
                <th scope="col" class="num" key={term}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {minutes.slice(0, shown).map((minute) => (
              <MinuteRow
                key={`${minute.tenant} ${minute.signal} ${minute.minute}`}
                minute={minute}
                columns={used}
              />
            ))}
          </tbody>
        </table>
      </div>
      {minutes.length > shown && (
        <button type="button" class="button" onClick={() => setShown(shown + rowsAtOnce * 4)}>
          Show more of {count(minutes.length)}
        </button>
      )}
      {leftOff > 0 && (
        <p class="faint">{count(leftOff)} more are in the sums alone; choose a shorter time.</p>
      )}
    </section>
  );
}

function MinuteRow({ minute, columns: used }: { minute: Minute; columns: typeof columns }) {
  return (
    <tr class={minute.unaccounted ? 'different' : ''}>
      <th scope="row" class="nowrap">
        {timeText(minute.minute * 60_000, { date: true, seconds: false })}
      </th>
      <td>{minute.tenant}</td>
      <td>{minute.signal}</td>
      {used.map(({ term }) => (
        <td class={minute[term] === 0 ? 'num faint' : 'num'} key={term}>
          {count(minute[term])}
        </td>
      ))}
    </tr>
  );
}
