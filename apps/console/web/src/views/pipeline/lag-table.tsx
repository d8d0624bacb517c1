import type { GroupDrain, PartitionLag } from '../../../../src/schema/pipeline-answers.ts';
import { count } from '../../lib/format.ts';
import { secondsText } from '../../lib/time-format.ts';

interface LagTableProps {
  lag: readonly PartitionLag[];
  drain: readonly GroupDrain[];
  unknownGroups: readonly string[];
}

const lateSeconds = 30;

/** A group and topic a row; its partitions below, when opened. */
export function LagTable({ lag, drain, unknownGroups }: LagTableProps) {
  const groups = [...Map.groupBy(lag, ({ group, topic }) => `${group} ${topic}`).values()];
  return (
    <section aria-label="Lag">
      <h2>Lag</h2>
      {unknownGroups.map((group) => (
        <p class="notice" key={group}>
          The lag of {group} is not known: the broker does not say it.
        </p>
      ))}
      <div class="lag" hidden={groups.length === 0}>
        <div class="lag-row lag-head faint" aria-hidden="true">
          <span>Group</span>
          <span>Topic</span>
          <span class="num">Messages</span>
          <span class="num">Behind</span>
          <span class="num">Gone in</span>
          <span class="num">Expired</span>
        </div>
        {groups.map((partitions) => (
          <GroupLag
            partitions={partitions}
            drain={drain}
            key={`${partitions[0]?.group} ${partitions[0]?.topic}`}
          />
        ))}
      </div>
    </section>
  );
}

interface GroupLagProps {
  partitions: readonly PartitionLag[];
  drain: readonly GroupDrain[];
}

function GroupLag({ partitions, drain }: GroupLagProps) {
  const [first] = partitions;
  const drained = drain.find(
    ({ group, topic }) => group === first?.group && topic === first.topic,
  )?.seconds;
  const seconds = partitions.map((each) => each.seconds);
  const messages = partitions.map((each) => each.messages);
  return (
    <details>
      <summary class="lag-row">
        <span>
          <strong>{first?.group}</strong>
        </span>
        <span class="clip">
          {first?.topic} <span class="faint">× {partitions.length}</span>
        </span>
        <Messages value={known(messages)?.reduce((a, b) => a + b, 0)} />
        <Seconds value={known(seconds)?.reduce((a, b) => Math.max(a, b), 0)} />
        <span class="num faint">{drained ? secondsText(drained) : '–'}</span>
        <span class="num faint">
          {count(partitions.reduce((sum, each) => sum + each.expired, 0))}
        </span>
      </summary>
      {partitions.map((each) => (
        <div class="lag-row lag-part" key={each.partition}>
          <span class="faint">partition {each.partition}</span>
          <span class="faint clip">
            {each.committed !== null && each.end !== null
              ? `at ${count(each.committed)} of ${count(each.end)}`
              : 'a queue: it has no positions'}
          </span>
          <Messages value={each.messages ?? undefined} />
          <Seconds value={each.seconds ?? undefined} />
          <span />
          <span class="num faint">{count(each.expired)}</span>
        </div>
      ))}
    </details>
  );
}

function Messages({ value }: { value: number | undefined }) {
  return (
    <span class="num">
      {value === undefined ? 'unknown' : count(value)}
      <span class="visually-hidden"> messages</span>
    </span>
  );
}

function Seconds({ value }: { value: number | undefined }) {
  if (value === undefined) return <span class="num warn-text">unknown</span>;
  const late = value > lateSeconds;
  return (
    <span class={late ? 'num warn-text' : 'num'}>
      {late && <span aria-hidden="true">▲ </span>}
      {secondsText(value)}
      <span class="visually-hidden"> behind</span>
    </span>
  );
}

/** Undefined when one of them is not known: an unknown is not a zero. */
function known(values: readonly (number | null)[]): number[] | undefined {
  const numbers = values.filter((value) => value !== null);
  return numbers.length === values.length ? numbers : undefined;
}
