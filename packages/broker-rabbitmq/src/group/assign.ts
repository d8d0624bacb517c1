import { createHash } from 'node:crypto';

export interface AssignMember {
  member: string;
  topics: ReadonlySet<string>;
}

export interface AssignQueue {
  name: string;
  topic: string;
}

/**
 * Who reads which queue, so that every member that knows the same members answers the same. No
 * member has more than ⌈queues ÷ members⌉, and those of the same topics differ by at most one; when
 * a member joins or leaves, few of the others' queues move (rendezvous hashing with quotas).
 * @returns the member by the name of the queue; queues without a reader are left out
 */
export function assign(
  queues: readonly AssignQueue[],
  members: readonly AssignMember[],
): Map<string, string> {
  const plan = new Map<string, string>();
  const counts = new Map(members.map(({ member }) => [member, 0]));
  const countOf = (member: string) => counts.get(member) ?? 0;
  const give = (queue: string, member: string): void => {
    plan.set(queue, member);
    counts.set(member, countOf(member) + 1);
  };
  const least = Math.floor(queues.length / members.length);
  let extra = queues.length % members.length;
  for (const { queue, member } of pairs(queues, members)) {
    const count = countOf(member);
    if (plan.has(queue) || count > least || (count === least && extra === 0)) continue;
    if (count === least) extra -= 1;
    give(queue, member);
  }
  // Only where members read different topics is anything left.
  for (const { name, topic } of queues) {
    const readers = members.filter(({ topics }) => topics.has(topic) && !plan.has(name));
    const [idlest] = readers.sort((a, b) => countOf(a.member) - countOf(b.member));
    if (idlest) give(name, idlest.member);
  }
  return plan;
}

function pairs(queues: readonly AssignQueue[], members: readonly AssignMember[]) {
  const found = queues.flatMap(({ name: queue, topic }) =>
    members
      .filter(({ topics }) => topics.has(topic))
      .map(({ member }) => ({ queue, member, weight: weightOf(queue, member) })),
  );
  return found.sort((a, b) => a.weight - b.weight);
}

/** 48 bits. */
function weightOf(queue: string, member: string): number {
  return createHash('sha1').update(`${queue}\n${member}`).digest().readUIntBE(0, 6);
}
