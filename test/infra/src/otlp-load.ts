import { Agent, request } from 'node:http';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { jsonToProtobuf } from '@spillway/otlp';
import { spanIdOf, traceIdOf, tracesBody } from '@spillway/test-support';

export interface OtlpLoadOptions {
  /** host:port. */
  http: string;
  grpc: string;
  /** Requests under way at once, of each protocol. */
  workers: number;
}

const timeoutMs = 10_000;
/** Between two requests of a worker: what is tried is the order of things, not their speed. */
const pauseMs = 25;
const grpcPath = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** Clients that send one span after another as SDKs do, and never a second time. */
export class OtlpLoad {
  /** Spans acknowledged, of each protocol. */
  readonly acknowledged = { http: 0, grpc: 0 };
  /** Everything that a client heard and that was not success. */
  readonly failures: string[] = [];
  readonly #options: OtlpLoadOptions;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #clients: Client[];
  readonly #workers: Promise<void>[] = [];
  #sent = 0;
  #stopped = false;

  constructor(options: OtlpLoadOptions) {
    this.#options = options;
    // Two connections that carry all calls.
    this.#clients = [0, 1].map(
      (n) =>
        new Client(options.grpc, credentials.createInsecure(), {
          'grpc.enable_retries': 0,
          'grpc.use_local_subchannel_pool': 1,
          'grpc.primary_user_agent': `load-${n}`,
        }),
    );
  }

  start(): void {
    for (let n = 0; n < this.#options.workers; n++) {
      this.#workers.push(this.#work('http', (body) => this.#sendHttp(body)));
      this.#workers.push(this.#work('grpc', (body) => this.#sendGrpc(body, n)));
    }
  }

  /** Until so many more spans are acknowledged over each protocol. */
  async more(spans: number): Promise<void> {
    const wanted = { http: this.acknowledged.http + spans, grpc: this.acknowledged.grpc + spans };
    while (this.acknowledged.http < wanted.http || this.acknowledged.grpc < wanted.grpc) {
      if (this.failures.length > 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
    this.#agent.destroy();
    for (const client of this.#clients) client.close();
  }

  async #work(protocol: 'http' | 'grpc', send: (body: string) => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      const n = this.#sent++;
      const spans = [{ traceId: traceIdOf(n), spanId: spanIdOf(n) }];
      await send(tracesBody('load', spans)).then(
        () => this.acknowledged[protocol]++,
        (error: Error) => this.failures.push(`${protocol}: ${error.message}`),
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #sendHttp(body: string): Promise<void> {
    const { http } = this.#options;
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    return new Promise((resolve, reject) => {
      const call = request(`http://${http}/v1/traces`, {
        method: 'POST',
        agent: this.#agent,
        headers,
        timeout: timeoutMs,
      });
      call.on('response', (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) resolve();
          else reject(new Error(`answered ${response.statusCode}`));
        });
      });
      call.on('timeout', () => call.destroy(new Error('no answer in time')));
      call.on('error', reject);
      call.end(body);
    });
  }

  #sendGrpc(body: string, n: number): Promise<void> {
    const client = this.#clients[n % this.#clients.length] as Client;
    const bytes = (value: Buffer): Buffer => value;
    const message = Buffer.from(jsonToProtobuf('traces', Buffer.from(body)));
    const deadline = Date.now() + timeoutMs;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        grpcPath,
        bytes,
        bytes,
        message,
        { deadline },
        (error: ServiceError | null) => (error ? reject(error) : resolve()),
      );
    });
  }
}
