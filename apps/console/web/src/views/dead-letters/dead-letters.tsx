import type {
  DeadLetter,
  DeadLetterCount,
  DeadLettersAnswer,
} from '../../../../src/schema/dead-letter-answers.ts';
import { query } from '../../lib/api.ts';
import { count, many } from '../../lib/format.ts';
import { hereWith, now, param, setParams } from '../../lib/location.ts';
import { timeText } from '../../lib/time-format.ts';
import { usePages } from '../../lib/use-query.ts';
import { Empty, ViewOf } from '../../ui/states.tsx';
import { useListKeys } from '../../ui/use-list-keys.ts';
import { DeadLetterDrawer } from './dead-letter-drawer.tsx';
import { Resubmit } from './resubmit.tsx';

const takeDeadLetters = (page: DeadLettersAnswer): DeadLetter[] => page.deadLetters;

export function DeadLettersPage() {
  const url = query('/api/dead-letters', { code: param('code'), group: param('group') });
  const pages = usePages<DeadLettersAnswer, DeadLetter>(url, takeDeadLetters, now.value);
  const id = param('deadLetter');
  return (
    <div class="page page-full">
      <div class="page-head">
        <h1>Dead letters</h1>
        <p class="sub">accepted, but no store can take them; their neighbours are stored</p>
      </div>
      <ViewOf answer={pages} what="The dead letters">
        {(deadLetters) => (
          <>
            <Codes counts={pages.first?.byCode ?? []} />
            {pages.first?.truncated && (
              <p class="sub">There are older ones: `spillway deadletters list` prints all.</p>
            )}
            {deadLetters.length ? (
              <div class={id ? 'split with-drawer' : 'split'}>
                <DeadLetterTable deadLetters={deadLetters} selected={id} more={pages.more} />
                {id && (
                  <DeadLetterDrawer id={id} onClose={() => setParams({ deadLetter: undefined })} />
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
            {each.group}, {many(each.deadLetters, 'dead letter')}, {many(each.records, 'record')}
          </span>
          <Resubmit deadLetters={each.deadLetters} body={{ code: each.code, group: each.group }} />
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

interface DeadLetterTableProps {
  deadLetters: readonly DeadLetter[];
  selected: string | undefined;
  more: (() => void) | undefined;
}

function DeadLetterTable({ deadLetters, selected, more }: DeadLetterTableProps) {
  const open = (i: number): void => {
    setParams({ deadLetter: deadLetters[i]?.id }, { replace: selected !== undefined });
  };
  const { active } = useListKeys(deadLetters.length, open);
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
          {deadLetters.map((deadLetter, i) => (
            <tr
              key={deadLetter.id}
              class={`${i === active ? 'active' : ''} ${deadLetter.id === selected ? 'selected' : ''}`}
            >
              <td class="nowrap">{timeText(deadLetter.deadSinceMs, { date: true })}</td>
              <td class="name">
                <a href={hereWith({ deadLetter: deadLetter.id })}>{deadLetter.code}</a>{' '}
                <span class="faint">{deadLetter.reason}</span>
              </td>
              <td class="wide">
                {deadLetter.group} <span class="faint">{deadLetter.signal}</span>
              </td>
              <td class="num">{count(deadLetter.records)}</td>
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
