import { type API, Connection, type ConnectionOptions, ResponseError } from '@platformatic/kafka';
import { answered, KafkaError, unreachable } from '../errors.ts';
import { hostOf, type Login, type Security } from '../security.ts';

export interface ConnectionsOptions {
  clientId: string;
  bootstrap: readonly string[];
  connectTimeoutMs: number;
  requestTimeoutMs: number;
  security: Security;
}

interface Address {
  host: string;
  port: number;
}

/** One connection to each broker, made when asked for, forgotten when it breaks. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #open = new Map<string, Promise<Connection>>();
  #addresses = new Map<number, Address>();
  #turn = 0;
  #closed = false;

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** What the last answer about the cluster said. */
  learn(brokers: readonly (Address & { nodeId: number })[]): void {
    this.#addresses = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
  }

  knows(node: number): boolean {
    return this.#addresses.has(node);
  }

  /** Asks one broker; an error within the answer rejects, with the answer as its cause. */
  async ask<A extends unknown[], R>(node: number, api: API<A, R>, ...args: A): Promise<R> {
    const address = this.#addresses.get(node);
    if (address === undefined) {
      throw new KafkaError('connection', `Broker ${node} is not in the cluster at present`);
    }
    return await this.#ask(address, api, args);
  }

  /** Asks whichever broker answers: one that is known, else those of `bootstrap`. */
  async askAny<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    const bootstrap = this.#options.bootstrap.map(addressOf);
    const all = [...this.#addresses.values(), ...bootstrap];
    this.#turn += 1;
    let failure: unknown;
    for (let index = 0; index < all.length; index += 1) {
      const address = all[(index + this.#turn) % all.length] as Address;
      try {
        return await this.#ask(address, api, args);
      } catch (error) {
        if (error instanceof KafkaError && error.code === 'answer') throw error;
        failure = error;
        if (this.#closed) break;
      }
    }
    throw failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(
      open.map((one) =>
        one.then(
          (connection) => connection.close(),
          () => {},
        ),
      ),
    );
  }

  async #ask<A extends unknown[], R>(address: Address, api: API<A, R>, args: A): Promise<R> {
    const connection = await this.#connect(address);
    try {
      // A broker takes nothing else while a login that expires is renewed (KIP-368).
      if (connection.status === 'reauthenticating') await connection.ready();
      return await api.async(connection, ...args);
    } catch (error) {
      if (error instanceof ResponseError) {
        throw answered(nameOf(error), `Broker ${keyOf(address)}`, error);
      }
      // After a time-out or a broken answer what comes next on it cannot be trusted.
      this.#open.delete(keyOf(address));
      connection.close().catch(() => {});
      throw unreachable(keyOf(address), error);
    }
  }

  #connect(address: Address): Promise<Connection> {
    const key = keyOf(address);
    if (this.#closed) throw new KafkaError('connection', 'The client is closed');
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const connection = new Connection(this.#options.clientId, this.#connectionOptions());
    const opening = this.#establish(connection, address);
    this.#open.set(key, opening);
    const forget = () => {
      if (this.#open.get(key) === opening) this.#open.delete(key);
    };
    connection.on('close', forget);
    connection.on('error', forget);
    opening.catch(forget);
    return opening;
  }

  async #establish(connection: Connection, address: Address): Promise<Connection> {
    try {
      await connection.connect(address.host, address.port);
    } catch (error) {
      throw unreachable(keyOf(address), error);
    }
    if (this.#closed) {
      await connection.close();
      throw new KafkaError('connection', 'The client is closed');
    }
    return connection;
  }

  #connectionOptions(): ConnectionOptions {
    const { connectTimeoutMs, requestTimeoutMs, security } = this.#options;
    return connectionOptions(security, { connectTimeoutMs, requestTimeoutMs });
  }
}

/** Makes the options of every connection of the library, those of the produce path too. */
export function connectionOptions(
  { tls, sasl, named }: Security,
  { connectTimeoutMs, requestTimeoutMs }: { connectTimeoutMs: number; requestTimeoutMs: number },
): ConnectionOptions {
  return {
    connectTimeout: connectTimeoutMs,
    requestTimeout: requestTimeoutMs,
    ...(tls === undefined ? {} : { tls, tlsServerName: named }),
    ...(sasl === undefined ? {} : { sasl: loginOf(sasl) }),
  };
}

function loginOf({ mechanism, username, password }: Login) {
  return { mechanism: mechanisms[mechanism], username, password };
}

const mechanisms = {
  plain: 'PLAIN',
  'scram-sha-256': 'SCRAM-SHA-256',
  'scram-sha-512': 'SCRAM-SHA-512',
} as const;

/** The first error of an answer, by Kafka's name. */
function nameOf(error: ResponseError): string {
  const [first] = error.errors as { apiId?: string }[];
  return first?.apiId ?? 'UNKNOWN_SERVER_ERROR';
}

function addressOf(text: string): Address {
  return { host: hostOf(text), port: Number(text.slice(text.lastIndexOf(':') + 1)) };
}

function keyOf({ host, port }: Address): string {
  return `${host}:${port}`;
}
