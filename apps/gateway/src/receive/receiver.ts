import type { KeyRing } from '@spillway/keys';
import type { Admission, AdmissionPermit, AdmissionRequest } from '../admit/admission.ts';
import { authenticate } from '../admit/authenticate.ts';
import type { GatewayConfig } from '../model/config.ts';
import { overloaded, Refusal } from '../model/refusal.ts';
import type { ReceiverStats } from '../model/stats.ts';
import type { PublishResult } from '../publish/pending-request.ts';
import type { Ingest } from '../slice/ingest.ts';
import type { SlowBodies } from './slow-bodies.ts';
import type { TlsFiles } from './tls-files.ts';

/** What the HTTP and the gRPC port share. */
export interface ReceiverContext {
  config: GatewayConfig;
  keys: KeyRing | undefined;
  /** Undefined: without TLS. */
  tls: TlsFiles | undefined;
  admission: Admission;
  ingest: Ingest;
  stats: ReceiverStats;
  slowBodies: SlowBodies;
  /** From a stop on: connections are asked to close with their next answer. */
  stopping: () => boolean;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** Milliseconds since the epoch. */
  wallMs: () => number;
  /** A bug, which cost the request it met. */
  onInternalError: (where: string, error: unknown) => void;
}

/** The port of one protocol. */
export interface Receiver {
  listen(): Promise<void>;
  /** Where it listens, once it does: `127.0.0.1:4318`. */
  readonly address: string;
  readonly connections: number;
  /** Accepts no more, lets requests finish, and cuts what is left when the signal fires. */
  close(abort: AbortSignal): Promise<void>;
}

export interface AdmittedRequest {
  tenant: string;
  permit: AdmissionPermit;
}

/**
 * A handler for an event or timer of a connection. An error that it did not foresee goes no
 * further: it is reported, and `end` ends what the handler worked for.
 */
export function guarded<Args extends unknown[]>(
  { onInternalError }: Pick<ReceiverContext, 'onInternalError'>,
  { where, end }: { where: string; end: () => void },
  handler: (...args: Args) => void | Promise<void>,
): (...args: Args) => void {
  const failed = (error: unknown): void => {
    onInternalError(where, error);
    end();
  };
  return (...args) => {
    try {
      handler(...args)?.catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}

/** Authenticates a request and takes room for it, before any of its body is read. */
export function admit(
  { keys, admission }: ReceiverContext,
  {
    authorization,
    ...entry
  }: Omit<AdmissionRequest, 'tenant'> & {
    authorization: string | undefined;
  },
): AdmittedRequest | Refusal {
  const tenant = authenticate(authorization, keys);
  if (tenant instanceof Refusal) return tenant;
  const permit = admission.admit({ tenant, ...entry });
  return permit instanceof Refusal ? permit : { tenant, permit };
}

/**
 * Gives back the room of a request that is answered before its body was whole; where a retry helps,
 * its quota, too.
 */
export function releaseUnserved(
  admitted: AdmittedRequest | undefined,
  answer: Refusal | undefined,
): void {
  if (answer?.retryAfterMs !== undefined) admitted?.permit.refund();
  admitted?.permit.release();
}

export function bodyTooLarge(bytesMax: number): Refusal {
  return new Refusal('too-large', `the body is larger than ${bytesMax} bytes`);
}

export function bodyInTooSmallPieces(): Refusal {
  const message = 'the body came in more than 1000 pieces of less than 64 bytes each on average';
  return new Refusal('wrong-framing', message);
}

export function bodyTooSlow({ config }: ReceiverContext): Refusal {
  const least = `${config.bodyBytesPerSecondMin} bytes per second (gateway.bodyBytesPerSecondMin)`;
  return overloaded('too-slow', `the body came more slowly than ${least}`);
}

export function timedOut({ config }: ReceiverContext): Refusal {
  const message = `no answer within ${config.answerTimeoutMs} ms (gateway.answerTimeoutMs)`;
  return overloaded('time-out', message);
}

/** Returns the `code` by which an answer is counted in the stats. */
export function outcomeOf(result: PublishResult | Refusal): string {
  if (result instanceof Refusal) return result.code;
  return result.rejectedRecords > 0 ? 'partial' : 'ok';
}

/**
 * Returns the age at which to close a connection, spread by ±10 % so that clients do not come back
 * at once.
 */
export function connectionAgeMs({ connectionAgeMaxMs }: GatewayConfig): number {
  return connectionAgeMaxMs * (0.9 + Math.random() * 0.2);
}
