import {
  type Broker,
  deadLetterHeaders,
  deadLetterTopicOf,
  stampHeaders,
  topicOf,
} from '@spillway/broker';
import type { Signal } from '@spillway/otlp';

/** A dead letter as a consumer writes it, without its records unless it has a `value`. */
export interface WrittenDeadLetter {
  signal: Signal;
  group: string;
  sequence: number;
  receivedMs: number;
  code?: string;
  value?: Uint8Array;
}

const perPublish = 2_000;
const [gateway, epoch, tenant, partition] = ['gw-1', 7, 'acme', 0] as const;

/** Writes dead letters, of one record each, to their topics. */
export async function writeDeadLetters(
  broker: Broker,
  deadLetters: Iterable<WrittenDeadLetter>,
): Promise<void> {
  await publishAll(broker, deadLetters, (each) => {
    const { signal, group, sequence, receivedMs, code = 'invalid-trace-id', value } = each;
    const headers = {
      ...stampHeaders({ gateway, epoch, sequence, tenant, records: 1, receivedMs }),
      [deadLetterHeaders.group]: group,
      [deadLetterHeaders.code]: code,
      [deadLetterHeaders.reason]: 'wanted 16 bytes, got 15',
      [deadLetterHeaders.source]: `${topicOf[signal]}/${partition}/${sequence}`,
      [deadLetterHeaders.records]: '1',
    };
    return { signal, headers, value: value ? [value] : [] };
  });
}

/** Marks those at these positions as sent back. */
export async function markResubmitted(
  broker: Broker,
  marked: Iterable<{ signal: Signal; position: number }>,
): Promise<void> {
  await publishAll(broker, marked, ({ signal, position }) => {
    return { signal, headers: { [deadLetterHeaders.resubmitted]: `${position}` }, value: [] };
  });
}

interface Written {
  signal: Signal;
  headers: Record<string, string>;
  value: Uint8Array[];
}

async function publishAll<T>(
  broker: Broker,
  all: Iterable<T>,
  write: (each: T) => Written,
): Promise<void> {
  let batch: Parameters<Broker['publish']>[0][number][] = [];
  const flush = async (): Promise<void> => {
    const outcomes = await broker.publish(batch);
    const failed = outcomes.find(({ status }) => status !== 'durable');
    if (failed) throw new Error(JSON.stringify(failed));
    batch = [];
  };
  for (const each of all) {
    const { signal, ...message } = write(each);
    batch.push({ topic: deadLetterTopicOf[signal], partition, key: tenant, ...message });
    if (batch.length >= perPublish) await flush();
  }
  if (batch.length) await flush();
}
