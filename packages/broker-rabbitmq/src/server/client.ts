import { readFile } from 'node:fs/promises';
import { Backoff, messageOf, sleep, waitAtMost, withTimeout } from '@spillway/resilience';
import { type Channel, type ChannelModel, type ConfirmChannel, connect } from 'amqplib';
import type { RabbitMqConfig } from '../config.ts';
import { disconnected } from '../errors.ts';
import { withoutLargeContent } from '../message/large-content.ts';
import { withoutUnreadableHeaders } from '../message/unreadable-headers.ts';

const closeMs = 2_000;
const setupMs = 60_000;

/**
 * One connection that comes back by itself. What must be there on each new one (channels,
 * topology) is set up by `onOpen` listeners before it counts as open.
 */
export class Client {
  readonly #config: RabbitMqConfig;
  readonly #connection: string;
  readonly #abort = new AbortController();
  readonly #openListeners: (() => Promise<void>)[] = [];
  readonly #readyListeners: (() => void)[] = [];
  #model: ChannelModel | undefined;
  #open = false;
  #waiters: (() => void)[] = [];
  #running: Promise<void> | undefined;
  #trouble = 'not connected yet';
  #blocked: string | undefined;
  #version = '';

  constructor(config: RabbitMqConfig, connection: string) {
    this.#config = config;
    this.#connection = connection;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#trouble = 'not running';
    await this.#close(this.#model);
    await this.#running;
  }

  /** Runs on every new connection, in the order of the calls; when it throws, so does the try. */
  onOpen(listener: () => Promise<void>): void {
    this.#openListeners.push(listener);
  }

  /** Each time when all that is set up. */
  onReady(listener: () => void): void {
    this.#readyListeners.push(listener);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Why the server takes no messages, while it does not. */
  get blocked(): string | undefined {
    return this.#blocked;
  }

  get trouble(): string {
    return this.#trouble;
  }

  /** Version of the server, such as '4.1.2'. */
  get version(): string {
    return this.#version;
  }

  /** Rejects with BrokerError 'not-running' when it is not open in good time. */
  async whenOpen(timeoutMs: number): Promise<void> {
    if (this.#open) return;
    const opened = new Promise<void>((resolve) => this.#waiters.push(resolve));
    await waitAtMost(opened, { ms: timeoutMs });
    if (!this.#open) throw disconnected(this.#trouble);
  }

  /**
   * Opens a channel. Where a message has more content than `contentBytesMax`, the content is left
   * out.
   */
  async channel(contentBytesMax = this.#config.messageBytesMax): Promise<Channel> {
    const channel = harmless(await this.#get().createChannel());
    return withoutLargeContent(channel, contentBytesMax);
  }

  async confirmChannel(): Promise<ConfirmChannel> {
    return harmless(await this.#get().createConfirmChannel());
  }

  #get(): ChannelModel {
    if (this.#model === undefined) throw disconnected(this.#trouble);
    return this.#model;
  }

  async #run(): Promise<void> {
    const { urls, reconnectMinMs, reconnectMaxMs, random, report } = this.#config;
    const { signal } = this.#abort;
    const backoff = new Backoff({ baseMs: reconnectMinMs, maxMs: reconnectMaxMs, random });
    for (let turn = 0; !signal.aborted; turn++) {
      try {
        await this.#session(urls[turn % urls.length] as string, () => backoff.reset());
      } catch (error) {
        this.#trouble = messageOf(error);
      }
      if (signal.aborted) return;
      const waitMs = backoff.nextMs();
      const [connection, message] = [this.#connection, this.#trouble];
      report({ type: 'disconnected', connection, message, waitMs });
      await sleep(waitMs, signal);
    }
  }

  /** From the connection's begin to its end; throws what ended it. */
  async #session(url: string, onOpen: () => void): Promise<void> {
    const { address, options } = await addressOf(url, this.#config);
    const connected = await connect(options, await this.#socketOptions(url));
    const model = withoutUnreadableHeaders(connected);
    const ended = new Promise<never>((_, reject) => {
      model.on('error', () => {}); // `close` follows and says the same.
      model.on('close', (error?: Error) => reject(error ?? new Error('closed')));
    });
    ended.catch(() => {});
    try {
      if (this.#abort.signal.aborted) return;
      this.#model = model;
      this.#version = model.connection.serverProperties.version;
      this.#watchBlocked(model);
      for (const listener of this.#openListeners) {
        await Promise.race([withTimeout(listener(), setupMs, 'To set up a connection'), ended]);
      }
      this.#open = true;
      onOpen();
      for (const resolve of this.#waiters.splice(0)) resolve();
      for (const listener of this.#readyListeners) listener();
      const [connection, version] = [this.#connection, this.#version];
      this.#config.report({ type: 'connected', connection, address, version });
      await ended;
    } finally {
      this.#open = false;
      this.#model = undefined;
      this.#blocked = undefined;
      await this.#close(model);
    }
  }

  #watchBlocked(model: ChannelModel): void {
    const { report } = this.#config;
    const connection = this.#connection;
    model.on('blocked', (reason: string) => {
      this.#blocked = reason;
      report({ type: 'blocked', connection, reason });
    });
    model.on('unblocked', () => {
      this.#blocked = undefined;
      report({ type: 'unblocked', connection });
    });
  }

  async #socketOptions(url: string) {
    const { tls, clientId, connectTimeoutMs } = this.#config;
    const [ca, cert, key] = url.startsWith('amqps:')
      ? await Promise.all([tls.caFile, tls.certFile, tls.keyFile].map(readIfNamed))
      : [];
    return {
      noDelay: true,
      keepAlive: true,
      timeout: connectTimeoutMs,
      clientProperties: { connection_name: `${clientId} ${this.#connection}` },
      ...(ca && { ca }),
      ...(cert && { cert }),
      ...(key && { key }),
    };
  }

  /** A server that does not answer any more is left to its heartbeat. */
  async #close(model: ChannelModel | undefined): Promise<void> {
    if (model) await waitAtMost(model.close(), { ms: closeMs }).catch(() => {});
  }
}

async function addressOf(url: string, config: RabbitMqConfig) {
  const { protocol, hostname, pathname, ...named } = partsOf(new URL(url));
  const port = named.port || (protocol === 'amqps:' ? 5671 : 5672);
  const password = (await readIfNamed(config.passwordFile))?.toString().trim() ?? config.password;
  const options = {
    protocol: protocol.slice(0, -1),
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    vhost: pathname.slice(1) || '/',
    username: named.username || config.username || 'guest',
    password: named.password || password || 'guest',
    heartbeat: config.heartbeatSeconds,
  };
  return { address: `${hostname}:${port}`, options };
}

function partsOf({ protocol, hostname, port, pathname, username, password }: URL) {
  return {
    protocol,
    hostname,
    pathname,
    port: Number(port),
    username: decodeURIComponent(username),
    password: decodeURIComponent(password),
  };
}

async function readIfNamed(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : await readFile(file);
}

/**
 * Closes a channel. Resolves also when the connection breaks meanwhile (amqplib's own promise is
 * then never settled), and when the server does not answer in good time.
 */
export async function closeChannel(channel: Channel): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  channel.once('close', resolve);
  channel.close().then(resolve, () => resolve()); // It may be closed already.
  await waitAtMost(promise, { ms: closeMs });
}

/** `close` follows every `error` of a channel, and is what we act on. */
function harmless<C extends Channel>(channel: C): C {
  channel.on('error', () => {});
  return channel;
}
