import { foreignGateway, type MessageId } from '@spillway/broker';
import type { DecodedMessage } from '@spillway/store';
import { tenantName } from '../names.ts';
import type { Piece } from './pieces.ts';

/** One call of the script: a message, or a piece of a large one. */
export interface Step {
  message: DecodedMessage;
  piece: Piece;
  args: (string | number)[];
}

/** Bytes of the arguments of steps that are sent before the first answer is awaited. */
const sentBytesMax = 1_048_576;

/** Cuts steps into groups that are sent at once. */
export function* inGroups(steps: Iterable<Step>): Generator<Step[]> {
  let group: Step[] = [];
  let bytes = 0;
  for (const step of steps) {
    group.push(step);
    for (const arg of step.args) bytes += String(arg).length;
    if (bytes < sentBytesMax) continue;
    yield group;
    [group, bytes] = [[], 0];
  }
  if (group.length > 0) yield group;
}

/** Makes the arguments of a step: source, sequence, from, to, total, tenant, effects, shares. */
export function bodyOf(
  { envelope }: DecodedMessage,
  { from, to, total, effects }: Piece,
  positions: 'log' | 'sequences',
): (string | number)[] {
  const [id, sequence] = sourceOf(envelope.id, positions);
  const head = [id, sequence, from, to, total, tenantName(envelope.tenant)];
  if (effects.size === 0) return [...head, '', ''];
  const { keys, cells, halves, shares } = effects;
  return [...head, JSON.stringify({ keys, cells, halves }), JSON.stringify(shares)];
}

/**
 * Whose sequence it is, and the sequence. Foreign messages of a broker without a log are named by
 * their content: such numbers do not follow each other, so each has a name of its own, and no sequence.
 */
export function sourceOf(id: MessageId, positions: 'log' | 'sequences'): [string, number | ''] {
  const { gateway, epoch, topic, partition, sequence } = id;
  const source = `${encodeURIComponent(gateway)}/${epoch}/${topic}/${partition}`;
  const isContent = gateway === foreignGateway && positions === 'sequences';
  return isContent ? [`${source}/${sequence}`, ''] : [source, sequence];
}
