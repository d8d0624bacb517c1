import type { KafkaConfig } from 'kafkajs';
import kafkajs from 'kafkajs';
import { answered, KafkaError, unreachable } from '../errors.ts';
import type { Security } from '../security.ts';

export interface LibraryOptions {
  clientId: string;
  bootstrap: readonly string[];
  connectTimeoutMs: number;
  requestTimeoutMs: number;
  security: Security;
}

const { Kafka, logLevel } = kafkajs;

/** KafkaJS, which says nothing: what it meets comes back as errors. */
export function openLibrary(options: LibraryOptions): InstanceType<typeof Kafka> {
  const { clientId, bootstrap, connectTimeoutMs, requestTimeoutMs, security } = options;
  return new Kafka({
    clientId,
    brokers: [...bootstrap],
    connectionTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    logLevel: logLevel.NOTHING,
    // Who asks tries again, with a bound of its own.
    retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 500 },
    ...securityOf(security),
  });
}

function securityOf({ tls, sasl }: Security): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  const login = sasl && { mechanism: sasl.mechanism, ...loginOf(sasl) };
  return {
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(login === undefined ? {} : { sasl: login as NonNullable<KafkaConfig['sasl']> }),
  };
}

function loginOf({ username, password }: { username: string; password: string }) {
  return { username, password };
}

/** Names that the protocol has given up since. */
const renamed: Readonly<Record<string, string>> = {
  GROUP_LOAD_IN_PROGRESS: 'COORDINATOR_LOAD_IN_PROGRESS',
  GROUP_COORDINATOR_NOT_AVAILABLE: 'COORDINATOR_NOT_AVAILABLE',
  NOT_COORDINATOR_FOR_GROUP: 'NOT_COORDINATOR',
  NOT_LEADER_FOR_PARTITION: 'NOT_LEADER_OR_FOLLOWER',
};

interface LibraryError extends Error {
  type?: string;
  errors?: LibraryError[];
}

/** Whatever KafkaJS threw, as a KafkaError. */
export function translate(error: unknown, what: string): KafkaError {
  if (error instanceof KafkaError) return error;
  const type = typeOf(error as LibraryError);
  if (type !== undefined && !type.startsWith('SASL')) {
    return answered(renamed[type] ?? type, what, error);
  }
  return unreachable(what, error);
}

/**
 * Finds the broker's type of an error, which the library may have wrapped, or gathered with others.
 */
export function typeOf(error: LibraryError | undefined, depth = 0): string | undefined {
  if (error === undefined || error === null || depth > 5) return undefined;
  return (
    error.type ??
    typeOf(error.errors?.[0], depth + 1) ??
    typeOf(error.cause as LibraryError | undefined, depth + 1)
  );
}
