import type { AddressInfo, Server } from 'node:net';
import type { KeyRing } from '@spillway/runtime';
import type { Admission, Entry, Ticket } from './admission.ts';
import { authenticate } from './authenticate.ts';
import type { Delivery } from './delivery.ts';
import type { Ingest } from './ingest.ts';
import { overloaded, Refusal } from './refusal.ts';
import type { GatewayConfig } from './section.ts';
import type { SlowBodies } from './slow-bodies.ts';
import type { DoorStats } from './stats.ts';
import type { TlsFiles } from './tls-files.ts';

/** What both doors share. */
export interface House {
  config: GatewayConfig;
  keys: KeyRing | undefined;
  /** Undefined: without TLS. */
  tls: TlsFiles | undefined;
  admission: Admission;
  ingest: Ingest;
  stats: DoorStats;
  slowBodies: SlowBodies;
  /** From a stop on: connections are asked to close with their next answer. */
  stopping: () => boolean;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** Milliseconds since the epoch. */
  wallMs: () => number;
  /** A bug of ours, which cost the request it met. */
  onInternalError: (where: string, error: unknown) => void;
}

/** One protocol's listener. */
export interface Door {
  listen(): Promise<void>;
  /** Where it listens, once it does: `127.0.0.1:4318`. */
  readonly address: string;
  readonly connections: number;
  /** Accepts no more, lets requests finish, and cuts what is left when the signal fires. */
  close(signal: AbortSignal): Promise<void>;
}

export interface Guest {
  tenant: string;
  ticket: Ticket;
}

/**
 * A handler for an event or timer of a connection. An error that it did not foresee goes no further:
 * it is reported, and `end` ends what the handler worked for.
 */
export function guarded<Args extends unknown[]>(
  { onInternalError }: Pick<House, 'onInternalError'>,
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

/** Authenticates and admits, before any of the body is read. */
export function receive(
  { keys, admission }: House,
  { authorization, ...entry }: Omit<Entry, 'tenant'> & { authorization?: string },
): Guest | Refusal {
  const tenant = authenticate(authorization, keys);
  if (tenant instanceof Refusal) return tenant;
  const ticket = admission.enter({ tenant, ...entry });
  return ticket instanceof Refusal ? ticket : { tenant, ticket };
}

/** Its request is answered before its body was whole: what waiting helps costs it no quota. */
export function dismiss(guest: Guest | undefined, answer: Refusal | undefined): void {
  if (answer?.retryAfterMs !== undefined) guest?.ticket.giveBack();
  guest?.ticket.leave();
}

export function bodyTooLarge(bytesMax: number): Refusal {
  return new Refusal('too-large', `the body is larger than ${bytesMax} bytes`);
}

export function bodyCrumbled(): Refusal {
  const message = 'the body came in more than 1000 pieces of less than 64 bytes each on average';
  return new Refusal('wrong-framing', message);
}

export function bodyTooSlow({ config }: House): Refusal {
  const least = `${config.bodyBytesPerSecondMin} bytes per second (gateway.bodyBytesPerSecondMin)`;
  return overloaded('too-slow', `the body came more slowly than ${least}`);
}

export function timedOut({ config }: House): Refusal {
  const message = `no answer within ${config.answerTimeoutMs} ms (gateway.answerTimeoutMs)`;
  return overloaded('time-out', message);
}

/** The `code` of an answer in the stats. */
export function outcomeOf(result: Delivery | Refusal): string {
  if (result instanceof Refusal) return result.code;
  return result.rejectedRecords > 0 ? 'partial' : 'ok';
}

/** `127.0.0.1:4318` or `[::1]:4318`; '' while the server does not listen. */
export function addressOf(server: Server, host: string): string {
  const address = server.address() as AddressInfo | null;
  if (!address) return '';
  return `${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

/** An age at which to close, spread by ±10 % so that a fleet's clients do not come back at once. */
export function connectionAgeMs({ connectionAgeMaxMs }: GatewayConfig): number {
  return connectionAgeMaxMs * (0.9 + Math.random() * 0.2);
}
