import type { AddressInfo, Server } from 'node:net';
import type { Signal } from '@spillway/otlp';
import type { KeyRing } from '@spillway/runtime';
import type { Admission, Ticket } from './admission.ts';
import { authenticate } from './authenticate.ts';
import type { Delivery } from './delivery.ts';
import type { Ingest } from './ingest.ts';
import { overloaded, Refusal } from './refusal.ts';
import type { GatewayConfig } from './section.ts';
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
  /** From a stop on: connections are asked to close with their next answer. */
  stopping: () => boolean;
  /** Monotonic milliseconds. */
  nowMs: () => number;
  /** Milliseconds since the epoch. */
  wallMs: () => number;
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

/** Authenticates and admits, before any of the body is read. */
export function receive(
  { keys, admission }: House,
  { signal, authorization, bytes }: { signal: Signal; authorization?: string; bytes: number },
): Guest | Refusal {
  const tenant = authenticate(authorization, keys);
  if (tenant instanceof Refusal) return tenant;
  const ticket = admission.enter({ tenant, signal, bytes });
  return ticket instanceof Refusal ? ticket : { tenant, ticket };
}

export function bodyTooLarge(bytesMax: number): Refusal {
  return new Refusal('too-large', `the body is larger than ${bytesMax} bytes`);
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
