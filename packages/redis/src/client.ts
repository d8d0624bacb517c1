import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { fullJitterMs } from '@spillway/resilience';
import { type ChainableCommander, Redis } from 'ioredis';
import type { RedisConfig } from './config.ts';
import { RedisError } from './errors.ts';

const reconnectBaseMs = 50;
const reconnectMaxMs = 2_000;
/** Commands sent before the first answer is awaited. */
const pipelineMax = 500;

/** Options of a connection to Redis. */
export interface ClientOptions {
  config: RedisConfig;
  /** Name of the connection in Redis' `CLIENT LIST`. */
  name: string;
  /** Called when the connection fails, and again when it fails for another reason. */
  onDown?: (error: Error) => void;
  /** Called each time that the connection is ready for commands. */
  onUp?: () => void;
  /** What a failed command throws; the `RedisError` itself by default. */
  failureOf?: (error: RedisError) => Error;
}

/**
 * One connection that reconnects by itself. Nothing waits in a queue while it is down: a command
 * then fails at once, and one that was on its way fails with the connection (it may have been
 * carried out).
 */
export class Client {
  readonly redis: Redis;
  #trouble: Error | undefined = new Error('not connected');
  readonly #failureOf: (error: RedisError) => Error;
  /** Those that were thrown already, by a command within a command. */
  readonly #failures = new WeakSet<Error>();
  #closed = false;

  constructor({ config, name, onDown, onUp, failureOf = (error) => error }: ClientOptions) {
    this.#failureOf = failureOf;
    this.redis = new Redis(config.url, optionsOf(config, name));
    const down = (error: Error): void => {
      const before = this.#trouble;
      this.#trouble = error;
      if (before?.message !== error.message) onDown?.(error);
    };
    this.redis.on('error', down);
    this.redis.on('close', () => {
      if (!this.#trouble && !this.#closed) down(new Error('the connection is lost'));
    });
    this.redis.on('ready', () => {
      this.#trouble = undefined;
      onUp?.();
    });
  }

  /** Undefined while it works. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** Tries once; where Redis does not answer, it goes on trying by itself. */
  async connect(): Promise<void> {
    await this.redis.connect().catch(() => undefined);
  }

  close(): void {
    this.#closed = true;
    this.redis.disconnect();
  }

  async run<T>(command: (redis: Redis) => Promise<T>): Promise<T> {
    if (this.redis.status !== 'ready') throw this.#failure(new Error('not connected'));
    try {
      return await command(this.redis);
    } catch (error) {
      throw this.#failure(error as Error);
    }
  }

  /** The replies in order; throws what the first failed one failed of, when all have answered. */
  async pipeline<T, R>(
    items: readonly T[],
    add: (pipeline: ChainableCommander, item: T) => unknown,
  ): Promise<R[]> {
    const replies: R[] = [];
    for (let at = 0; at < items.length; at += pipelineMax) {
      const pipeline = this.redis.pipeline();
      for (const item of items.slice(at, at + pipelineMax)) add(pipeline, item);
      for (const [error, reply] of (await this.run(() => pipeline.exec())) ?? []) {
        if (error) throw this.#failure(error);
        replies.push(reply as R);
      }
    }
    return replies;
  }

  /**
   * What Redis said, or why it said nothing. The client's own error is not kept as the cause: it
   * holds the command with everything that was to be written.
   */
  #failure(error: Error): Error {
    if (this.#failures.has(error)) return error;
    const failure = this.#failureOf(
      error.name === 'ReplyError'
        ? new RedisError('refused', error.message)
        : new RedisError('unavailable', this.#trouble?.message || error.message),
    );
    this.#failures.add(failure);
    return failure;
  }
}

export function optionsOf(config: RedisConfig, name: string) {
  const { username, connectTimeoutMs, commandTimeoutMs } = config;
  const password = config.passwordFile
    ? readFileSync(config.passwordFile, 'utf8').replace(/\r?\n$/, '')
    : config.password;
  return {
    lazyConnect: true,
    connectionName: name,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A Redis that hangs must not gather commands whose answers are not waited for any more.
    socketTimeout: commandTimeoutMs,
    maxLoadingRetryTime: reconnectMaxMs,
    retryStrategy: (times: number) =>
      fullJitterMs(times, { baseMs: reconnectBaseMs, maxMs: reconnectMaxMs }),
    ...(username ? { username } : {}),
    ...(password ? { password } : {}),
    ...(config.url.startsWith('rediss:') ? { tls: tlsOf(config) } : {}),
  };
}

function tlsOf({ caFile, certFile, keyFile }: RedisConfig): ConnectionOptions {
  return {
    ...(caFile ? { ca: readFileSync(caFile) } : {}),
    ...(certFile ? { cert: readFileSync(certFile) } : {}),
    ...(keyFile ? { key: readFileSync(keyFile) } : {}),
  };
}
