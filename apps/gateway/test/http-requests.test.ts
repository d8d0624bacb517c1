import { connect } from 'node:net';
import { topicOf } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { readAll, runGateway } from './support/gateway.ts';
import { json, protobuf, send, statusOf } from './support/http.ts';
import { jsonRequest } from './support/requests.ts';

describe('OTLP/HTTP', () => {
  it.each([
    [404, { path: '/v1/trace' }, '/v1/traces'],
    [404, { path: '/v1development/profiles' }, 'profiles are not supported'],
    [405, { method: 'GET' }, 'use POST'],
    [405, { method: 'PUT' }, 'use POST'],
    [405, { method: 'OPTIONS' }, 'use POST'],
    [415, { headers: { 'content-type': 'text/plain' } }, 'text/plain'],
    [415, { headers: {} }, 'not none'],
    [415, { headers: { ...json, 'content-encoding': 'br' } }, 'not br'],
  ])('answers %i to %j', async (status, request, names) => {
    const { http } = await runGateway();
    const answer = await send(http, { headers: json, ...request });
    expect(answer.status).toBe(status);
    expect(answer.headers.allow).toBe(status === 405 ? 'POST' : undefined);
    expect(statusOf(answer).message).toContain(names);
  });

  it('takes parameters of the content type and a query', async () => {
    const { http } = await runGateway();
    const headers = { 'content-type': 'Application/JSON; charset=utf-8' };
    const answer = await send(http, { path: '/v1/logs?x=1', headers, body: jsonRequest('logs') });
    expect(answer.status).toBe(200);
  });

  it('passes a valid traceparent on with the messages, and nothing else', async () => {
    const { http, broker } = await runGateway();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    for (const sent of [traceparent, 'x'.repeat(500)]) {
      const headers = { ...json, traceparent: sent };
      await send(http, { headers, path: '/v1/logs', body: jsonRequest('logs') });
    }
    const messages = await readAll(broker, topicOf.logs);
    expect(messages.map(({ headers }) => headers.traceparent)).toEqual([traceparent, undefined]);
  });

  it('refuses a large body before reading it, and the sender hears why', async () => {
    const { http } = await runGateway({ config: { bodyBytesMax: 1000 } });
    const body = Buffer.alloc(8 * 1024 * 1024);
    const headers = { ...protobuf, expect: '100-continue' };
    expect((await send(http, { headers: protobuf, body })).status).toBe(413);
    expect((await send(http, { headers, body })).status).toBe(413);
  });

  it('is heard by a sender that reads only when all is sent', async () => {
    const { http } = await runGateway({ config: { bodyBytesMax: 1000 } });
    const [host, port] = http.split(':');
    const socket = connect({ host: host as string, port: Number(port) }).pause();
    const body = Buffer.alloc(16 * 1024 * 1024);
    socket.write(
      'POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\n' +
        `content-length: ${body.length}\r\n\r\n`,
    );
    await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.write(body, resolve);
    });
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('lets only listed browser origins in', async () => {
    const origin = 'https://shop.example';
    const { http } = await runGateway({ config: { corsOrigins: [origin] } });
    const preflight = (from: string) =>
      send(http, {
        method: 'OPTIONS',
        headers: { origin: from, 'access-control-request-method': 'POST' },
      });
    const listed = await preflight(origin);
    expect([listed.status, listed.headers['access-control-allow-origin']]).toEqual([204, origin]);
    const other = await preflight('https://evil.example');
    expect([other.status, other.headers['access-control-allow-origin']]).toEqual([405, undefined]);
    const sent = await send(http, { headers: { ...json, origin }, body: jsonRequest('traces') });
    expect([sent.status, sent.headers['access-control-allow-origin']]).toEqual([200, origin]);
  });
});
