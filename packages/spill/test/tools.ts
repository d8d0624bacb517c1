import { readEnvelope, stampHeaders } from '@spillway/broker';
import type { LossyFiles } from '@spillway/journal/lossy-files';
import {
  openSpill,
  type Spill,
  type SpillEvent,
  type SpilledMessage,
  type SpillOptions,
} from '../src/index.ts';

export const dir = '/spill';
export const topic = 'otlp_logs';

export function open(files: LossyFiles, options: Partial<SpillOptions> = {}): Promise<Spill> {
  return openSpill({ dir, gateway: 'gw-1', bytesMax: 1e7, files, ...options });
}

/** The events go into `events`. */
export async function watched(files: LossyFiles, options: Partial<SpillOptions> = {}) {
  const events: SpillEvent[] = [];
  const spill = await open(files, { ...options, report: (event) => events.push(event) });
  return { spill, events };
}

/** Its value names it; `bytes` pads it. */
export function message(partition: number, sequence: number, bytes = 0): SpilledMessage {
  const stamp = { gateway: 'gw-1', epoch: 7, sequence, tenant: 't', records: 3, receivedMs: 1e12 };
  return {
    topic,
    partition,
    key: `t/${partition}`,
    headers: stampHeaders(stamp),
    value: [Buffer.from(`${partition}/`), Buffer.from(`${sequence}`.padEnd(bytes, '.'))],
  };
}

export function sequenceOf(found: SpilledMessage): number {
  return readEnvelope({ ...found, position: 0, timestampMs: undefined }).id.sequence;
}

/** Also checks that each is whole. */
export function sequencesOf(found: readonly SpilledMessage[]): number[] {
  return found.map((one) => {
    const sequence = sequenceOf(one);
    const text = Buffer.concat(one.value).toString().replace(/\.+$/, '');
    if (text !== `${one.partition}/${sequence}`) throw new Error(`${sequence} has value ${text}`);
    return sequence;
  });
}

/** Everything that waits in a partition, a few at a time; done, unless told otherwise. */
export async function drain(
  spill: Spill,
  partition: number,
  { done = true, bytesMax = 1_000 } = {},
): Promise<number[]> {
  const found: number[] = [];
  for (;;) {
    const messages = await spill.next({ topic, partition }, bytesMax);
    if (messages.length === 0) return found;
    found.push(...sequencesOf(messages));
    if (done) await spill.done(messages);
  }
}

export function sequencesIn(spill: Spill, partition: number): number[] {
  return spill
    .inventory()
    .waiting.filter((range) => range.partition === partition)
    .flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
