import type { ComponentChildren } from 'preact';
import type { LedgerAnswer } from '../../../../src/schema/ledger-answers.ts';
import { count, many } from '../../lib/format.ts';
import { timeText } from '../../lib/time-format.ts';

const shownMax = 50;

interface FindingsProps {
  ledger: LedgerAnswer;
  isOf: (each: { signal: string }) => boolean;
}

/**
 * Lists by name whatever is lost, open or needs an action; shows nothing where there is nothing.
 */
export function LedgerFindings({ ledger, isOf }: FindingsProps) {
  const { holes, missingRows, missingNotes, spills, open, unreadNotes, sinks } = ledger;
  const titles = new Map(sinks.map(({ name, title }) => [name, title]));
  const placeOf = (place: Place) => cellsOf(place, titles.get(place.sink) ?? place.sink);
  return (
    <>
      <Findings title="Messages that are nowhere" of={holes.filter(isOf)} heads={['Message']}>
        {(hole) => [
          ...placeOf(hole),
          <td class="name" key="id">
            {hole.gateway}/{hole.epoch} {hole.topic}/{hole.partition} sequence {hole.sequence}
          </td>,
          <td class="num" key="records">
            {count(hole.records)}
          </td>,
        ]}
      </Findings>
      <Findings title="Rows that should be there" of={missingRows.filter(isOf)} heads={['What']}>
        {(missing) => [
          ...placeOf(missing),
          <td key="what">{missing.rows > 0 ? 'missing' : 'too many'}</td>,
          <td class="num" key="records">
            {count(Math.abs(missing.rows))}
          </td>,
        ]}
      </Findings>
      <Findings title="Open minutes" of={open.filter(isOf)} heads={['Why']}>
        {(each) => [
          ...placeOf(each),
          <td key="why">{whyOpen(each)}</td>,
          <td class="num" key="records">
            {count(each.waiting + each.undecided)}
          </td>,
        ]}
      </Findings>
      <WaitingSpills spills={spills} />
      <MissingNotes notes={missingNotes} />
      {unreadNotes > 0 && (
        <p class="faint">
          {many(unreadNotes, 'note')} of gateways wait to be read; what they name may follow.
        </p>
      )}
    </>
  );
}

function WaitingSpills({ spills }: Pick<LedgerAnswer, 'spills'>) {
  return (
    <List title="Spills that wait for their broker or owner" of={spills}>
      {({ spill, lastGateway, atMs, messages, records, isSilent }) => (
        <>
          <strong>{spill}</strong> {many(records, 'record')} in {many(messages, 'message')},{' '}
          <span class={isSilent ? 'state-bad' : 'faint'}>
            last noted by {lastGateway} at {timeText(atMs, { date: true })}
            {isSilent && ': bring its volume back to a gateway'}
          </span>
        </>
      )}
    </List>
  );
}

function MissingNotes({ notes }: { notes: LedgerAnswer['missingNotes'] }) {
  return (
    <List title="Notes that never came" of={notes}>
      {({ gateway, epoch, from, to, minute }) => (
        <>
          <strong>
            {gateway}/{epoch}
          </strong>{' '}
          {from === to ? `note ${from}` : `notes ${from} to ${to}`}
          <span class="faint">, before {timeText(minute * 60_000, { date: true })}</span>
        </>
      )}
    </List>
  );
}

type Place = Pick<LedgerAnswer['open'][number], 'minute' | 'signal' | 'tenant' | 'sink'>;

function cellsOf({ minute, signal, tenant }: Place, store: string) {
  return [
    <td class="nowrap" key="minute">
      {timeText(minute * 60_000, { date: true, seconds: false })}
    </td>,
    <td class="wide" key="tenant">
      {tenant}
    </td>,
    <td key="signal">{signal}</td>,
    <td key="sink">{store}</td>,
  ];
}

function whyOpen({ waiting, undecided }: LedgerAnswer['open'][number]): string {
  if (undecided) return 'in a queue that cannot be read, or lost: known once it has passed';
  return waiting ? 'waiting' : 'its numbers are moving';
}

interface ListProps<T> {
  title: string;
  of: readonly T[];
  children: (one: T) => ComponentChildren;
}

function Findings<T>({ title, of, heads, children }: ListProps<T> & { heads: string[] }) {
  if (of.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so keys must reach it */}
      <div class="scroll-x" tabIndex={0}>
        <table class="table ledger-table">
          <thead>
            <tr>
              <th scope="col">Minute</th>
              <th scope="col" class="wide">
                Tenant
              </th>
              <th scope="col">Signal</th>
              <th scope="col">Store</th>
              {heads.map((head) => (
                <th scope="col" key={head}>
                  {head}
                </th>
              ))}
              <th scope="col" class="num">
                Records
              </th>
            </tr>
          </thead>
          <tbody>
            {of.slice(0, shownMax).map((one, i) => (
              <tr key={i}>{children(one)}</tr>
            ))}
          </tbody>
        </table>
      </div>
      <More of={of} />
    </section>
  );
}

function List<T>({ title, of, children }: ListProps<T>) {
  if (of.length === 0) return null;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <ul class="ledger-list">
        {of.slice(0, shownMax).map((one, i) => (
          <li key={i}>{children(one)}</li>
        ))}
      </ul>
      <More of={of} />
    </section>
  );
}

function More({ of }: { of: readonly unknown[] }) {
  if (of.length <= shownMax) return null;
  return <p class="faint">and {count(of.length - shownMax)} more: `spillway audit` lists them.</p>;
}
