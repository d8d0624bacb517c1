import type { DeliveredMessage } from '@spillway/broker';
import type { DecodedMessage, MessageOutcome } from '@spillway/store';
import { InFlightMessage } from '../../../../packages/consumer/src/in-flight/in-flight-message.ts';

/** Small, so that messages of a few records are handed over in parts, too. */
const limits = { recordsMax: 8, bytesMax: 64 * 1024 };

/** Reads a message as consumers do, and hands each part over; nothing for one of another group. */
export async function handOver(
  message: DeliveredMessage,
  apply: (part: DecodedMessage) => Promise<MessageOutcome>,
): Promise<{ item: InFlightMessage; outcome: MessageOutcome } | undefined> {
  const item = new InFlightMessage(message, 'writer');
  item.decode(limits);
  const { decoded, large } = item;
  if (decoded) return { item, outcome: await apply(decoded) };
  if (!large) return undefined;
  while (!large.isDone) large.take(await apply(large.part));
  return { item, outcome: { records: [] } };
}
