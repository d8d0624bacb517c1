import { type DeliveredMessage, readEnvelope, signalOf } from '@spillway/broker';
import { decode } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';

/** A polled message with what it says. `undefined` decoded: this group has nothing to do with it. */
export interface Item extends DeliveredMessage {
  decoded: DecodedMessage | undefined;
  /** By record index; undefined when all are 0. */
  ordinals: number[] | undefined;
}

/**
 * A message whose framing does not hold (only another tool can have written it) is one broken
 * record: it becomes a dead letter whole. So does one that our decoder fails at in any other way.
 */
export function decodeMessage(message: DeliveredMessage, group: string): Item {
  const signal = signalOf(message.topic);
  const envelope = readEnvelope(message);
  const forOthers = envelope.onlyGroup !== undefined && envelope.onlyGroup !== group;
  if (!signal || forOthers) return { ...message, decoded: undefined, ordinals: undefined };
  const common = { envelope, signal, position: message.position };
  try {
    const { tenant, ordinals } = envelope;
    const options = ordinals ? { tenant, ordinals } : { tenant };
    const { records, broken, ...rest } = decode(signal, message.value, options);
    return { ...message, decoded: { ...common, records, broken }, ordinals: rest.ordinals };
  } catch (error) {
    const code = 'malformed-message' as const;
    const broken = [{ index: 0, key: '', code, reason: (error as Error).message }];
    return { ...message, decoded: { ...common, records: [], broken }, ordinals: undefined };
  }
}
