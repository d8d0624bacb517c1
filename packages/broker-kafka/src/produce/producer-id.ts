import { initProducerIdV3 } from '@platformatic/kafka';
import { KafkaError } from '../errors.ts';
import type { Connections } from '../platformatic/connections.ts';
import { sleep } from '../wait.ts';

export interface ProducerIdOptions {
  connections: Connections;
  nowMs: () => number;
  /** Monotonic; what went wrong last is thrown then. */
  endMs: number;
  backoffMs: (failures: number) => number;
  signal: AbortSignal;
}

/** A producer id that no other producer has or ever had. */
export async function newProducerId(options: ProducerIdOptions): Promise<bigint> {
  const { connections, nowMs, endMs, backoffMs, signal } = options;
  for (let failures = 1; ; failures += 1) {
    try {
      return (await connections.askAny(initProducerIdV3.api, null, 0)).producerId;
    } catch (error) {
      if (signal.aborted || isLasting(error) || nowMs() > endMs) throw error;
    }
    await sleep(backoffMs(failures), signal);
  }
}

/** A broker that just started answers COORDINATOR_LOAD_IN_PROGRESS for a moment, for instance. */
function isLasting(error: unknown): boolean {
  if (!(error instanceof KafkaError)) return true;
  if (error.code === 'answer') return /AUTHORIZATION|UNSUPPORTED/.test(error.reason);
  return error.code !== 'connection';
}
