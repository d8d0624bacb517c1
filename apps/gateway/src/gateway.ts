import type { Broker } from '@spillway/broker';
import { KeyRing, type KeyRingEvent } from '@spillway/keys';
import {
  type Dependencies,
  LocalQuotas,
  type Quotas,
  sleep,
  waitAtMost,
} from '@spillway/resilience';
import type { Component, Health, InternalErrorEvent } from '@spillway/runtime';
import type { Spill } from '@spillway/spill';
import { Admission } from './admit/admission.ts';
import { checkGatewayConfig } from './model/check-config.ts';
import type { GatewayConfig } from './model/config.ts';
import { type GatewayStats, ReceiverStats } from './model/stats.ts';
import { Accounting } from './publish/accounting.ts';
import { MessageStamper } from './publish/message-stamper.ts';
import { NotePublisher, type NotePublisherEvent } from './publish/notes/note-publisher.ts';
import { type PublishEvent, Publisher } from './publish/publisher.ts';
import { GrpcReceiver } from './receive/grpc/grpc-receiver.ts';
import { HttpReceiver } from './receive/http/http-receiver.ts';
import type { Receiver, ReceiverContext } from './receive/receiver.ts';
import { SlowBodies } from './receive/slow-bodies.ts';
import { type TlsEvent, TlsFiles } from './receive/tls-files.ts';
import { Ingest } from './slice/ingest.ts';

/** What an operator should know of the gateway. */
export type GatewayEvent =
  | KeyRingEvent
  | InternalErrorEvent
  | NotePublisherEvent
  | PublishEvent
  | TlsEvent
  | { type: 'listening'; protocol: 'http' | 'grpc'; address: string }
  /** The account of this gateway's last seconds is in the log alone. */
  | { type: 'last-note-lost'; messages: number };

/** At a stop, the drain of the spill leaves so much time for the last note. */
const lastNoteMs = 2000;

/** Options of the gateway. */
export interface GatewayOptions {
  config: GatewayConfig;
  /** Running for as long as the gateway does; its topics exist. */
  broker: Broker;
  /** Shared by all gateways, and running; without: this gateway's own. */
  quotas?: Quotas;
  /** Unique in the fleet; any characters but `/`. */
  name: string;
  /** Grows from one start of this gateway to the next, e.g. milliseconds since 1970 at start. */
  epoch: number;
  /** The largest message that the broker takes, with key and headers; larger ones are split. */
  messageBytesMax: number;
  /** Open for as long as the gateway runs; without it, what the broker does not take is refused. */
  spill?: Spill | undefined;
  /** What the fleet thinks of the broker; without it, the gateway trusts its own breakers. */
  dependencies?: Dependencies | undefined;
  report?: (event: GatewayEvent) => void;
  /** Monotonic milliseconds. */
  nowMs?: () => number;
  /** Milliseconds since 1970. */
  wallMs?: () => number;
}

/** The gateway: it receives OTLP and publishes it durably. */
export interface Gateway extends Component {
  /** Where the doors listen, as `host:port`; '' before start. */
  readonly addresses: { http: string; grpc: string };
  stats(): GatewayStats;
}

/** OTLP in, durable messages out. `start` throws `ConfigError` for what is unsafe. */
export function createGateway(options: GatewayOptions): Gateway {
  return new OtlpGateway(options);
}

class OtlpGateway implements Gateway {
  readonly name = 'gateway';
  readonly #options: GatewayOptions;
  readonly #keys: KeyRing | undefined;
  readonly #tls: TlsFiles | undefined;
  readonly #admission: Admission;
  readonly #ingest: Ingest;
  readonly #publisher: Publisher;
  readonly #accounting: Accounting;
  readonly #notes: NotePublisher;
  readonly #stats = new ReceiverStats();
  readonly #http: Receiver;
  readonly #grpc: Receiver;
  #state: 'new' | 'running' | 'stopping' | 'stopped' = 'new';
  #stopped: Promise<void> | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { config, broker, name: gateway, epoch, report } = options;
    const nowMs = options.nowMs ?? (() => performance.now());
    const wallMs = options.wallMs ?? (() => Date.now());
    this.#keys = keyRing(options);
    this.#tls = config.certFile ? new TlsFiles({ ...config, report }) : undefined;
    const quotas = options.quotas ?? new LocalQuotas(nowMs);
    this.#admission = new Admission({ config, quotas, nowMs });
    const { spill, dependencies } = options;
    const { noteIntervalMs: intervalMs, publishTimeoutMs } = config;
    const identity = { broker, gateway, epoch };
    this.#notes = new NotePublisher({
      ...identity,
      intervalMs,
      publishTimeoutMs,
      spill,
      wallMs,
      report,
    });
    this.#accounting = new Accounting({ gateway, epoch, notes: this.#notes });
    this.#publisher = new Publisher({
      broker,
      config,
      spill,
      dependencies,
      report,
      nowMs,
      wallMs,
      stamper: new MessageStamper({ gateway, epoch }),
      accounting: this.#accounting,
      onDrained: (message, position) => this.#accounting.drained(message, position),
    });
    this.#ingest = new Ingest({
      broker,
      config,
      spill,
      report,
      messageBytesMax: options.messageBytesMax,
      accounting: this.#accounting,
      notes: this.#notes,
      stats: this.#stats,
      publisher: this.#publisher,
    });
    const context = this.#receiverContext({ nowMs, wallMs });
    this.#http = new HttpReceiver(context);
    this.#grpc = new GrpcReceiver(context, () => this.health().ok);
  }

  #receiverContext(clocks: Pick<ReceiverContext, 'nowMs' | 'wallMs'>): ReceiverContext {
    const { config, report } = this.#options;
    const { bodyBytesPerSecondMin: bytesPerSecondMin } = config;
    return {
      ...clocks,
      config,
      keys: this.#keys,
      tls: this.#tls,
      admission: this.#admission,
      ingest: this.#ingest,
      stats: this.#stats,
      stopping: () => this.#state === 'stopping',
      slowBodies: new SlowBodies({ bytesPerSecondMin, nowMs: clocks.nowMs }),
      onInternalError: (where, error) => report?.({ type: 'internal-error', where, error }),
    };
  }

  get addresses(): { http: string; grpc: string } {
    return { http: this.#http.address, grpc: this.#grpc.address };
  }

  async start(): Promise<void> {
    checkGatewayConfig(this.#options.config);
    await this.#keys?.start();
    await this.#tls?.start();
    await this.#ingest.start();
    this.#notes.start();
    this.#publisher.start();
    await this.#http.listen();
    await this.#grpc.listen();
    this.#state = 'running';
    const { report } = this.#options;
    const { http, grpc } = this.addresses;
    report?.({ type: 'listening', protocol: 'http', address: http });
    report?.({ type: 'listening', protocol: 'grpc', address: grpc });
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  health(): Health {
    if (this.#state !== 'running') return { ok: false, detail: this.#state };
    const broker = this.#options.broker.health();
    const { cannotSpill } = this.#publisher;
    if (!broker.ok && cannotSpill !== undefined) {
      return { ok: false, detail: `broker: ${broker.detail}; ${cannotSpill}` };
    }
    const inFlight = `${this.#admission.inFlight.requests} requests in flight`;
    const away = broker.ok ? '' : `, into the spill: the broker is away (${broker.detail})`;
    const problem = this.#keys?.problem;
    const keys = problem === undefined ? '' : `, the keys file is wrong: ${problem}`;
    return { ok: true, detail: inFlight + away + keys };
  }

  stats(): GatewayStats {
    return {
      ...this.#stats.stats(),
      ...this.#accounting.stats(),
      ...this.#publisher.stats(),
      ...this.#admission.stats(),
      inFlight: this.#admission.inFlight,
      notes: this.#notes.stats(),
      connections: { http: this.#http.connections, grpc: this.#grpc.connections },
    };
  }

  /** Not ready → wait for balancers to see it → doors → what is on its way → the last note. */
  async #stop(): Promise<void> {
    const wasRunning = this.#state === 'running';
    this.#state = 'stopping';
    const { drainDelayMs, stopTimeoutMs } = this.#options.config;
    if (wasRunning && drainDelayMs > 0) await sleep(drainDelayMs);
    const deadline = AbortSignal.timeout(stopTimeoutMs);
    const drainMs = Math.ceil(stopTimeoutMs - Math.min(lastNoteMs, stopTimeoutMs / 4));
    const drainDeadline = AbortSignal.timeout(drainMs);
    await Promise.all([this.#http.close(deadline), this.#grpc.close(deadline)]);
    await waitAtMost(this.#publisher.idle(), { abort: deadline });
    await this.#publisher.stop(drainDeadline);
    if (!(await this.#notes.stop(deadline))) {
      const { pendingMessages: messages } = this.#notes.stats();
      this.#options.report?.({ type: 'last-note-lost', messages });
    }
    await this.#keys?.stop();
    this.#tls?.stop();
    this.#state = 'stopped';
  }
}

function keyRing({ config, report }: GatewayOptions): KeyRing | undefined {
  if (!config.keysFile) return undefined;
  const file = config.keysFile;
  return new KeyRing({ file, configKey: 'gateway.keysFile', ...(report && { report }) });
}
