import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Signal } from '@spillway/otlp';

export interface SentRequest {
  signal: Signal;
  encoding: 'protobuf' | 'json';
  /** Inflated, and without the gRPC frame. */
  body: Buffer;
}

/** Between a client and a door: passes every byte on unchanged, and reads along what is sent. */
export interface Tap {
  /** `host:port`, to be given to the client in place of the door. */
  address: string;
  /** In the order in which they began. Call it when the client is done. */
  requests(): Promise<SentRequest[]>;
  close(): Promise<void>;
}

/**
 * The client's half of each connection is also played to a server of Node's that nobody hears, so
 * that the door meets the real client and the test still learns what was sent.
 */
export async function startTap(door: { address: string; kind: 'http' | 'grpc' }): Promise<Tap> {
  const pending: Promise<SentRequest>[] = [];
  const listener = door.kind === 'http' ? httpListener(pending) : grpcListener(pending);
  const sockets = new Set<net.Socket>();
  const [host = '', port] = door.address.split(':');
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(port), host);
    const shadow = new Shadow();
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => {});
    }
    client.on('data', (bytes: Buffer) => shadow.hear(bytes));
    client.on('close', () => {
      shadow.hear(null);
      upstream.destroy();
    });
    upstream.on('close', () => client.destroy());
    client.pipe(upstream).pipe(client);
    listener.emit('connection', shadow);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as net.AddressInfo;
  return {
    address: `127.0.0.1:${own}`,
    requests: () => Promise.all(pending),
    async close() {
      for (const socket of sockets) socket.destroy();
      await promisify(server.close.bind(server))();
    },
  };
}

/** A connection on which only the client speaks. */
class Shadow extends Duplex {
  hear(bytes: Buffer | null): void {
    if (!this.destroyed) this.push(bytes);
  }

  override _read(): void {}

  override _write(_bytes: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

function httpListener(pending: Promise<SentRequest>[]): http.Server {
  return http.createServer((request, response) => {
    const { 'content-type': type, 'content-encoding': packed } = request.headers;
    const encoding = type?.startsWith('application/json') ? 'json' : 'protobuf';
    const signal = request.url?.split('/').at(-1) as Signal;
    const read = async (): Promise<SentRequest> => {
      const body = await buffer(request);
      response.end();
      return { signal, encoding, body: inflate(body, packed) };
    };
    pending.push(read());
  });
}

const frameHeadBytes = 5;
/** What the door lets a client send, the shadow must not call a flow-control error. */
const windowBytes = 2 ** 30;

function grpcListener(pending: Promise<SentRequest>[]): http2.Http2Server {
  const server = http2.createServer({ settings: { initialWindowSize: windowBytes } });
  server.on('session', (session) => session.setLocalWindowSize(windowBytes));
  server.on('sessionError', () => {});
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const name = /\.(trace|metrics|logs)\.v1\./.exec(String(headers[':path']))?.[1];
    const signal = name === 'trace' ? 'traces' : (name as Signal);
    const read = async (): Promise<SentRequest> => {
      const frame = await buffer(stream);
      const body = frame.subarray(frameHeadBytes);
      const packed = frame[0] === 1 ? 'gzip' : undefined;
      return { signal, encoding: 'protobuf', body: inflate(body, packed) };
    };
    pending.push(read());
  });
  return server;
}

function inflate(body: Buffer, packed: string | undefined): Buffer {
  if (packed === 'gzip') return zlib.gunzipSync(body);
  return packed === 'zstd' ? zlib.zstdDecompressSync(body) : body;
}
