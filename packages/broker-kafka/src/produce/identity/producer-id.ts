import { initProducerIdV3, metadataV9 } from '@platformatic/kafka';
import { KafkaError } from '../../errors.ts';
import type { Connections } from '../../platformatic/connections.ts';
import { withErrors } from '../../platformatic/with-errors.ts';
import { sleep } from '../../wait.ts';

export interface ProducerIdOptions {
  connections: Connections;
  nowMs: () => number;
  /** From the call on; what went wrong last is thrown then. */
  deliveryTimeoutMs: number;
  backoffMs: (failures: number) => number;
  signal: AbortSignal;
}

/** A producer id that no other producer of the cluster has or ever had. */
export function newProducerId(options: ProducerIdOptions): Promise<bigint> {
  const { connections } = options;
  return retryUntilDone(options, async () => {
    return (await connections.askAny(initProducerIdV3.api, null, 0)).producerId;
  });
}

/** Whose ids they are. */
export function clusterIdOf(options: ProducerIdOptions): Promise<string> {
  const { connections } = options;
  return retryUntilDone(options, async () => {
    return (await withErrors(connections.askAny(metadataV9.api, [], false))).clusterId ?? '';
  });
}

async function retryUntilDone<T>(options: ProducerIdOptions, ask: () => Promise<T>): Promise<T> {
  const { nowMs, deliveryTimeoutMs, backoffMs, signal } = options;
  const endMs = nowMs() + deliveryTimeoutMs;
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask();
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
