/** A server for the tests of the clients, which answers what it is told and counts what it got. */
import http from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import zlib from 'node:zlib';
import { countRecords, encodeExportResponse, jsonToProtobuf, type Signal } from '@spillway/otlp';
import { onTestFinished } from 'vitest';

export interface Scripted {
  endpoint: string;
  /** Records of the requests that were answered with success. */
  records: number;
  requests: number;
  /** Of the last request. */
  headers: http.IncomingHttpHeaders;
}

export type HttpReply = { status: number; headers?: Record<string, string>; body?: Uint8Array };
export type GrpcReply = { status: number; details?: Uint8Array; body?: Uint8Array };
/** Undefined: success. 'cut': the connection is broken off. */
export type Script<Reply> = (request: number, signal: Signal) => Reply | 'cut' | undefined;

export async function httpServer(script: Script<HttpReply> = () => undefined): Promise<Scripted> {
  const server = http.createServer(async (request, response) => {
    const signal = request.url?.slice('/v1/'.length) as Signal;
    const body = inflate(await buffer(request), request.headers['content-encoding']);
    const json = request.headers['content-type'] === 'application/json';
    const reply = script(scripted.requests, signal);
    scripted.headers = request.headers;
    scripted.requests++;
    if (reply === 'cut') return void request.socket.destroy();
    if (!reply || reply.status === 200) scripted.records += recordsIn(signal, body, json);
    const encoding = json ? 'json' : 'protobuf';
    response.setHeader('content-type', json ? 'application/json' : 'application/x-protobuf');
    response.writeHead(reply?.status ?? 200, reply?.headers);
    response.end(reply?.body ?? encodeExportResponse(signal, undefined, encoding));
  });
  const scripted = await listen(server);
  onTestFinished(() => void server.closeAllConnections());
  return scripted;
}

export async function grpcServer(script: Script<GrpcReply> = () => undefined): Promise<Scripted> {
  const sessions = new Set<http2.ServerHttp2Session>();
  const server = http2.createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', async (stream, headers) => {
    const signal = String(headers[':path']).split(/[./]/)[4] as Signal | 'trace';
    const kind = signal === 'trace' ? 'traces' : signal;
    const frame = await buffer(stream);
    const body = inflate(frame.subarray(5), headers['grpc-encoding'] as string | undefined);
    const reply = script(scripted.requests, kind);
    scripted.headers = headers;
    scripted.requests++;
    if (reply === 'cut') return stream.session?.destroy();
    if (!reply || reply.status === 0) scripted.records += recordsIn(kind, body, false);
    answerGrpc(stream, reply ?? { status: 0 });
  });
  const scripted = await listen(server);
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
  });
  return scripted;
}

function answerGrpc(stream: http2.ServerHttp2Stream, reply: GrpcReply): void {
  const { status, details, body = new Uint8Array() } = reply;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => {
    stream.sendTrailers({
      'grpc-status': String(status),
      'grpc-message': 'as%20scripted',
      ...(details ? { 'grpc-status-details-bin': Buffer.from(details).toString('base64') } : {}),
    });
  });
  if (status !== 0) return void stream.end();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  stream.end(Buffer.concat([head, body]));
}

async function listen(server: http.Server | http2.Http2Server): Promise<Scripted> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { endpoint: `http://127.0.0.1:${port}`, records: 0, requests: 0, headers: {} };
}

function recordsIn(signal: Signal, body: Uint8Array, json: boolean): number {
  return countRecords(signal, json ? jsonToProtobuf(signal, body) : body);
}

function inflate(body: Buffer, encoding: string | undefined): Buffer {
  if (encoding === 'gzip') return zlib.gunzipSync(body);
  return encoding === 'zstd' ? zlib.zstdDecompressSync(body) : body;
}
