import type { DeadLetterCount, DeadLettersAnswer } from '../../../src/answers.ts';
import type { DeadLetterView } from '../../../src/ports.ts';
import { query } from '../lib/api.ts';
import { count, many } from '../lib/format.ts';
import { hereWith, now, param, setParams } from '../lib/location.ts';
import { timeText } from '../lib/time-format.ts';
import { usePages } from '../lib/use-query.ts';
import { Empty, ViewOf } from '../ui/states.tsx';
import { useListKeys } from '../ui/use-list-keys.ts';
import { DeadLetterDrawer } from './dead-letter-drawer.tsx';
import { Resubmit } from './resubmit.tsx';

const takeLetters = (page: DeadLettersAnswer): DeadLetterView[] => page.deadLetters;

export function DeadLettersPage() {
  const url = query('/api/dead-letters', { code: param('code'), group: param('group') });
  const pages = usePages<DeadLettersAnswer, DeadLetterView>(url, takeLetters, now.value);
  const id = param('letter');
  return (
    <div class="page page-full">
      <div class="page-head">
        <h1>Dead letters</h1>
        <p class="sub">accepted, but no store can take them; their neighbours are stored</p>
      </div>
      <ViewOf answer={pages} what="The dead letters">
        {(letters) => (
          <>
            <Codes counts={pages.first?.byCode ?? []} />
            {pages.first?.truncated && (
              <p class="sub">There are older ones: `spillway deadletters list` prints all.</p>
            )}
            {letters.length ? (
              <div class={id ? 'split with-drawer' : 'split'}>
                <LetterTable letters={letters} selected={id} more={pages.more} />
                {id && (
                  <DeadLetterDrawer id={id} onClose={() => setParams({ letter: undefined })} />
                )}
              </div>
            ) : (
              <Empty title="There are no dead letters. Everything accepted could be stored." />
            )}
          </>
        )}
      </ViewOf>
    </div>
  );
}

function Codes({ counts }: { counts: readonly DeadLetterCount[] }) {
  const code = param('code');
  if (!counts.length) return null;
  return (
    <ul class="codes">
      {counts.map((each) => (
        <li key={`${each.code} ${each.group}`}>
          <a href={hereWith({ code: each.code, group: each.group })}>
            <strong>{each.code}</strong>
          </a>
          <span class="faint">
            {each.group}, {many(each.letters, 'letter')}, {many(each.records, 'record')}
          </span>
          <Resubmit letters={each.letters} body={{ code: each.code, group: each.group }} />
        </li>
      ))}
      {code && (
        <li>
          <a href={hereWith({ code: undefined, group: undefined })}>Show all</a>
        </li>
      )}
    </ul>
  );
}

interface LetterTableProps {
  letters: readonly DeadLetterView[];
  selected: string | undefined;
  more: (() => void) | undefined;
}

function LetterTable({ letters, selected, more }: LetterTableProps) {
  const open = (i: number): void => {
    setParams({ letter: letters[i]?.id }, { replace: selected !== undefined });
  };
  const { active } = useListKeys(letters.length, open);
  return (
    <div class="scroll-y">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">Since</th>
            <th scope="col">Reason</th>
            <th scope="col" class="wide">
              Refused by
            </th>
            <th scope="col" class="num">
              Records
            </th>
          </tr>
        </thead>
        <tbody>
          {letters.map((letter, i) => (
            <tr
              key={letter.id}
              class={`${i === active ? 'active' : ''} ${letter.id === selected ? 'selected' : ''}`}
            >
              <td class="nowrap">{timeText(letter.deadSinceMs, { date: true })}</td>
              <td class="name">
                <a href={hereWith({ letter: letter.id })}>{letter.code}</a>{' '}
                <span class="faint">{letter.reason}</span>
              </td>
              <td class="wide">
                {letter.group} <span class="faint">{letter.signal}</span>
              </td>
              <td class="num">{count(letter.records)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {more && (
        <button type="button" class="button" onClick={more}>
          Older ones
        </button>
      )}
    </div>
  );
}
