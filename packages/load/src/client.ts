/** What sends one request. Expected outcomes are values; only an abort is thrown. */
import type { Signal } from '@spillway/otlp';

export interface OutgoingRequest {
  signal: Signal;
  /** `Export<Signal>ServiceRequest`, in protobuf or JSON as the client's protocol says. */
  body: Uint8Array;
}

export type Answer =
  /** Acknowledged, but for `rejected` records (`partial_success`). */
  | { status: 'acknowledged'; rejected: number; message: string }
  /** To be sent again; `afterMs` when the server said when. */
  | { status: 'retry'; afterMs: number | undefined; message: string }
  /** Never to be sent again. */
  | { status: 'refused'; message: string };

export interface Client {
  /** A broken connection is a `retry`. Rejects only when `signal` aborts. */
  send(request: OutgoingRequest, abort: AbortSignal): Promise<Answer>;
  close(): void;
}

/** How a client speaks OTLP: over HTTP in protobuf or JSON, or over gRPC. */
export type Protocol = 'http/protobuf' | 'http/json' | 'grpc';
/** How a client compresses the body of a request. */
export type Compression = 'none' | 'gzip' | 'zstd';

export interface ClientOptions {
  /** `http://host:port` or `https://…`; with a path in front of `/v1/traces` if need be. */
  endpoint: string;
  protocol: Protocol;
  compression: Compression;
  /** Sent as `Authorization: Bearer`. */
  key: string | undefined;
  /** Milliseconds that one attempt may take. */
  timeoutMs: number;
  /** Connections kept open, at most. */
  connectionsMax: number;
}
