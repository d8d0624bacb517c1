import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { until } from '@spillway/test-support/until';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBroker, runGateway, withPublish } from './support/gateway.ts';
import { call, framed, grpcClient, rawCall } from './support/grpc.ts';
import { protobuf, send } from './support/http.ts';
import { protobufRequest } from './support/requests.ts';

const body = protobufRequest('traces', { records: 3 });
const limits = { answerTimeoutMs: 150, headersTimeoutMs: 300, idleTimeoutMs: 200 };

describe('a client that is slow or silent is cut', () => {
  it.each([
    ['says nothing', ''],
    ['stops within the headers', 'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-'],
  ])('over HTTP when it %s', async (_, sent) => {
    const { http } = await runGateway({ config: limits });
    const { closed } = await open(http, sent);
    await closed;
  });

  it('over HTTP when its body does not come: 503 within the answer time-out, then cut', async () => {
    const { http, gateway } = await runGateway({ config: limits });
    const head =
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n' +
      'content-length: 900000\r\n\r\nabc';
    const { closed, socket } = await open(http, head);
    const trickle = setInterval(() => socket.writable && socket.write('x'), 20);
    const answer = await closed;
    clearInterval(trickle);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/retry-after: [12]/);
    expect(gateway.stats().inFlight).toEqual({ requests: 0, bytes: 0 });
  });

  it('over HTTP when it keeps an idle connection open', async () => {
    const { http } = await runGateway({ config: { ...limits, answerTimeoutMs: 8000 } });
    const request =
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n' +
      'content-length: 2\r\n\r\n{}';
    const { closed } = await open(http, request);
    expect(await closed).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('over gRPC when it says nothing', async () => {
    const { grpc } = await runGateway({ config: { ...limits, idleTimeoutMs: 60_000 } });
    const { closed } = await open(grpc, '');
    await closed;
  });

  it('over gRPC when its message does not come, and when it is idle', async () => {
    const { grpc, gateway } = await runGateway({ config: limits });
    const session = connectHttp2(`http://${grpc}`);
    session.on('error', () => undefined);
    const ended = new Promise((resolve) => session.once('close', resolve));
    const stream = session.request({
      ':method': 'POST',
      ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.on('error', () => undefined);
    stream.write(Buffer.from([0, 0, 0, 100, 0, 1, 2, 3]));
    const answer = await new Promise<Record<string, unknown>>((resolve) =>
      stream.once('response', resolve),
    );
    expect(answer['grpc-status']).toBe('14');
    await ended;
    expect(gateway.stats().inFlight).toEqual({ requests: 0, bytes: 0 });
  });

  it('and one that goes away leaves nothing behind', async () => {
    const { http, gateway } = await runGateway();
    const head =
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n' +
      'content-length: 900000\r\n\r\nabc';
    const { socket } = await open(http, head);
    await until(() => gateway.stats().inFlight.bytes === 3);
    socket.destroy();
    await until(() => gateway.stats().inFlight.requests === 0);
    expect(gateway.stats().requests).toMatchObject([{ signal: 'traces', code: 'gone', count: 1 }]);
  });
});

describe('an answer comes in time when the broker never answers', () => {
  const forever = async () =>
    runGateway({
      config: { answerTimeoutMs: 200, stopTimeoutMs: 100 },
      broker: withPublish(await openBroker(), () => new Promise(() => undefined)),
    });

  it('over HTTP: 503 with Retry-After', async () => {
    const { http, gateway } = await forever();
    const answer = await send(http, { headers: protobuf, body });
    expect([answer.status, answer.headers['retry-after']]).toEqual([
      503,
      expect.stringMatching(/^[12]$/),
    ]);
    expect(answer.body.toString()).toContain('within 200 ms');
    // The broker may still hold the bytes: they count until it lets go of them.
    expect(gateway.stats().inFlight).toEqual({ requests: 1, bytes: body.length });
  });

  it('over gRPC: UNAVAILABLE with RetryInfo, or DEADLINE_EXCEEDED at the deadline', async () => {
    const { grpc } = await forever();
    const client = grpcClient(grpc);
    const late = await call(client, { body });
    expect(late.code).toBe(14);
    expect(late.details.toString()).toContain('google.rpc.RetryInfo');
    const headers = { 'grpc-timeout': '50m' };
    const answer = await rawCall(grpc, { headers, sent: framed(body) });
    expect(answer['grpc-status']).toBe('4');
    expect((await call(client, { body, deadlineMs: 50 })).code).toBe(4);
  });
});

/** A bare connection; `closed` resolves with all that was answered. */
async function open(
  address: string,
  sent: string,
): Promise<{ socket: Socket; closed: Promise<string> }> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host as string, port: Number(port) });
  onTestFinished(() => void socket.destroy());
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(answer)));
  await new Promise((resolve) => socket.once('connect', resolve));
  socket.write(sent);
  return { socket, closed };
}
