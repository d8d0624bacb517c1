import { initProducerIdV3, metadataV9 } from '@platformatic/kafka';
import { type BackoffLimits, retryUntilDone } from '@spillway/resilience';
import { KafkaError } from '../../errors.ts';
import type { Connections } from '../../platformatic/connections.ts';
import { withErrors } from '../../platformatic/with-errors.ts';

export interface ProducerIdOptions extends BackoffLimits {
  connections: Connections;
  nowMs: () => number;
  /** From the call on; what went wrong last is thrown then. */
  deliveryTimeoutMs: number;
  abort: AbortSignal;
}

/** A producer id that no other producer of the cluster has or ever had. */
export function newProducerId(options: ProducerIdOptions): Promise<bigint> {
  const { connections } = options;
  return untilAnswered(options, async () => {
    return (await connections.askAny(initProducerIdV3.api, null, 0)).producerId;
  });
}

/** Whose ids they are. */
export function clusterIdOf(options: ProducerIdOptions): Promise<string> {
  const { connections } = options;
  return untilAnswered(options, async () => {
    return (await withErrors(connections.askAny(metadataV9.api, [], false))).clusterId ?? '';
  });
}

function untilAnswered<T>(options: ProducerIdOptions, ask: () => Promise<T>): Promise<T> {
  const { deliveryTimeoutMs: patienceMs } = options;
  return retryUntilDone(ask, { ...options, patienceMs, isPassing: (error) => !isLasting(error) });
}

/** A broker that just started answers COORDINATOR_LOAD_IN_PROGRESS for a moment, for instance. */
function isLasting(error: unknown): boolean {
  if (!(error instanceof KafkaError)) return true;
  if (error.code === 'answer') return /AUTHORIZATION|UNSUPPORTED/.test(error.reason);
  return error.code !== 'connection';
}
