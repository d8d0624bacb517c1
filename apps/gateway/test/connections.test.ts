import { connect, constants, type Settings } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { runGateway } from './support/gateway.ts';
import { call, grpcClient } from './support/grpc.ts';
import { json, keepAliveAgent, send } from './support/http.ts';
import { jsonRequest, protobufRequest } from './support/requests.ts';

const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const grpcHeaders = { 'content-type': 'application/grpc', te: 'trailers' };

describe('a connection', () => {
  it('over HTTP is asked to close when it is old', async () => {
    let skippedMs = 0;
    const nowMs = () => performance.now() + skippedMs;
    const { http } = await runGateway({ config: { connectionAgeMaxMs: 600_000 }, nowMs });
    const agent = keepAliveAgent(1);
    const body = jsonRequest('traces');
    const young = await send(http, { headers: json, body, agent });
    skippedMs = 661_000;
    const old = await send(http, { headers: json, body, agent });
    const anew = await send(http, { headers: json, body, agent });
    const said = [young, old, anew].map(({ headers }) => headers.connection);
    expect(said).toEqual(['keep-alive', 'close', 'keep-alive']);
  });

  it('over gRPC gets a GOAWAY when it is old', async () => {
    const { grpc } = await runGateway({ config: { connectionAgeMaxMs: 1000 } });
    const session = connect(`http://${grpc}`);
    const code = await new Promise((resolve) => session.once('goaway', resolve));
    expect(code).toBe(0);
    session.destroy();
  });

  it('beyond the limit is not taken', async () => {
    const { http, gateway } = await runGateway({ config: { connectionsMax: 3 } });
    const agent = keepAliveAgent(10);
    const body = jsonRequest('traces');
    const answers = await Promise.allSettled(
      Array.from({ length: 10 }, () => send(http, { headers: json, body, agent })),
    );
    const taken = answers.filter(({ status }) => status === 'fulfilled');
    expect(taken).toHaveLength(3);
    expect(gateway.stats().connections.http).toBe(3);
  });

  it('with too large a header is refused with 431', async () => {
    const { http } = await runGateway({ config: { headerBytesMax: 2000 } });
    const headers = { ...json, 'x-large': 'x'.repeat(3000) };
    expect((await send(http, { headers, body: '{}' })).status).toBe(431);
  });

  it('that opens and resets streams in a flood is cut, and others are served', async () => {
    const { grpc, gateway } = await runGateway();
    const session = connect(`http://${grpc}`);
    const closed = new Promise<boolean>((resolve) => session.once('close', () => resolve(true)));
    session.on('error', () => undefined);
    const flood = async (): Promise<void> => {
      while (!session.closed && !session.destroyed) {
        for (let i = 0; i < 100 && !session.closed && !session.destroyed; i++) {
          const stream = session.request({ ':method': 'POST', ':path': path, ...grpcHeaders });
          stream.on('error', () => undefined);
          stream.close(constants.NGHTTP2_CANCEL);
        }
        await new Promise(setImmediate);
      }
    };
    await flood();
    expect(await closed).toBe(true);
    expect((await call(grpcClient(grpc), { body: protobufRequest('traces') })).code).toBe(0);
    expect(gateway.stats().inFlight.requests).toBe(0);
  });

  it('may not open more than its share of streams', async () => {
    const { grpc } = await runGateway({ config: { streamsPerConnectionMax: 7 } });
    const session = connect(`http://${grpc}`);
    const settings = await new Promise<Settings>((resolve) =>
      session.once('remoteSettings', resolve),
    );
    expect(settings.maxConcurrentStreams).toBe(7);
    session.destroy();
  });
});
