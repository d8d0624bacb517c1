import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { topicOf } from '@spillway/broker';
import { createKey } from '@spillway/keys';
import { encodeStatus, signals } from '@spillway/otlp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { stringify } from 'yaml';
import { openBroker, readAll, recordsOf, runGateway, withPublish } from './support/gateway.ts';
import { type HttpAnswer, json, protobuf, send, statusOf } from './support/http.ts';
import { jsonRequest, protobufRequest } from './support/requests.ts';

const formats = [
  ['protobuf', protobuf, protobufRequest],
  ['json', json, jsonRequest],
] as const;

describe.each(formats)('OTLP/HTTP in %s', (format, type, requestOf) => {
  it.each(signals)(
    'answers 200 for %s with the response type once all is durable',
    async (signal) => {
      const { http, broker } = await runGateway();
      const body = requestOf(signal, { records: 9, groups: 3 });
      const answer = await send(http, { path: `/v1/${signal}`, headers: type, body });
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe(type['content-type']);
      expect(answer.headers['x-spillway-ack']).toBe('broker');
      expect(answer.body.toString()).toBe(format === 'json' ? '{}' : '');
      const stored = await readAll(broker, topicOf[signal]);
      expect(recordsOf(stored)).toBe(9);
    },
  );

  it('answers 200 to a request of no records, and publishes nothing', async () => {
    const { http, broker } = await runGateway();
    const body = format === 'json' ? '{}' : '';
    expect((await send(http, { headers: type, body })).status).toBe(200);
    expect(await readAll(broker, topicOf.traces)).toEqual([]);
  });

  it('answers 400 to malformed bytes, and names the place', async () => {
    const { http } = await runGateway();
    const body =
      format === 'json'
        ? '{"resourceSpans":[{"scopeSpans":7}]}'
        : Buffer.from([0x0a, 0x02, 0x12, 0x09]);
    const answer = await send(http, { headers: type, body });
    expect(answer.status).toBe(400);
    expectStatus(answer, format, {
      code: 3,
      names: format === 'json' ? 'scopeSpans' : 'resource_spans[0]',
    });
    expect(answer.body.toString()).toContain('google.rpc.BadRequest');
  });

  it('answers 413 to a body announced, sent, or inflated too large', async () => {
    const config = { bodyBytesMax: 2000, jsonBodyBytesMax: 2000 };
    const { http } = await runGateway({ config });
    const body = requestOf('logs', { records: 50, padding: 100 });
    const chunked = { ...type, 'transfer-encoding': 'chunked' };
    const gzipped = { ...type, 'content-encoding': 'gzip' };
    const path = '/v1/logs';
    for (const answer of [
      await send(http, { path, headers: type, body }),
      await send(http, { path, headers: chunked, body }),
      await send(http, { path, headers: gzipped, body: gzipSync(body) }),
    ]) {
      expect(answer.status).toBe(413);
      expect(answer.headers['retry-after']).toBeUndefined();
      expectStatus(answer, format, { code: 8, names: '2000 bytes' });
    }
  });

  it('answers 429 with Retry-After above the quota of records, and of bytes', async () => {
    const body = requestOf('traces', { records: 50 });
    const records = await runGateway({ config: { recordsPerSecondMax: 0.1, recordsBurst: 10 } });
    const bytes = await runGateway({ config: { bytesPerSecondMax: 10, bytesBurst: 20 } });
    for (const [{ http }, names] of [
      [records, '0.1 records'],
      [bytes, '10 bytes'],
    ] as const) {
      expect((await send(http, { headers: type, body })).status).toBe(200);
      const answer = await send(http, { headers: type, body });
      expect(answer.status).toBe(429);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(2);
      expectStatus(answer, format, { code: 8, names });
    }
  });

  it('answers 503 with Retry-After when the disk is full', async () => {
    const broker = withPublish(await openBroker(), async (messages) =>
      messages.map(() => ({
        status: 'refused',
        code: 'disk-full',
        retryable: true,
        message: 'no space left',
      })),
    );
    const { http, gateway } = await runGateway({ broker });
    const answer = await send(http, { headers: type, body: requestOf('traces', { records: 3 }) });
    expect([answer.status, answer.headers['retry-after']]).toEqual([
      503,
      expect.stringMatching(/^[12]$/),
    ]);
    expectStatus(answer, format, { code: 14, names: 'no space left' });
    expect(gateway.stats().recordsRefused).toEqual([
      { signal: 'traces', tenant: 'default', reason: 'disk-full', count: 3 },
    ]);
  });

  it('answers 503, never 500, when the broker throws or cannot tell', async () => {
    const throwing = withPublish(await openBroker(), () => Promise.reject(new Error('bug')));
    const silent = withPublish(await openBroker(), async (messages) =>
      messages.map(() => ({ status: 'unknown', message: 'time-out' })),
    );
    for (const broker of [throwing, silent]) {
      const { http } = await runGateway({ broker });
      const answer = await send(http, { headers: type, body: requestOf('logs'), path: '/v1/logs' });
      expect([answer.status, answer.headers['retry-after']]).toEqual([
        503,
        expect.stringMatching(/^[12]$/),
      ]);
    }
  });

  it('answers 200 with partial_success for records that the broker can never take', async () => {
    const broker = withPublish(await openBroker(), async (messages, real) => {
      const outcomes = await real.publish(messages.slice(1));
      const message = 'larger than 1 MiB';
      return [{ status: 'refused', code: 'too-large', retryable: false, message }, ...outcomes];
    });
    const { http } = await runGateway({ broker });
    const body = requestOf('logs', { records: 12, groups: 12 });
    const answer = await send(http, { path: '/v1/logs', headers: type, body });
    const stored = recordsOf(await readAll(broker, topicOf.logs));
    expect(answer.status).toBe(200);
    expect(answer.body.toString()).toContain('larger than 1 MiB');
    if (format === 'json') {
      const { partialSuccess } = JSON.parse(answer.body.toString());
      expect(Number(partialSuccess.rejectedLogRecords)).toBe(12 - stored);
    }
    expect(stored).toBeGreaterThan(0);
    expect(stored).toBeLessThan(12);
  });

  it('answers 401 without a key or with a wrong one, 403 without the scope', async () => {
    const { http, keys } = await runWithKeys();
    const body = requestOf('traces');
    const bearer = (key: string) => ({ ...type, authorization: `Bearer ${key}` });
    const answers = [
      await send(http, { headers: type, body }),
      await send(http, { headers: bearer('guess'), body }),
      await send(http, { headers: bearer(keys.query), body }),
      await send(http, { headers: bearer(keys.ingest), body }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 401, 403, 200]);
    expect(answers[0]?.headers['www-authenticate']).toBe('Bearer');
    expectStatus(answers[0] as HttpAnswer, format, { code: 16, names: 'no API key' });
    expectStatus(answers[2] as HttpAnswer, format, { code: 7, names: 'scope ingest' });
  });
});

async function runWithKeys() {
  const dir = await mkdtemp(join(tmpdir(), 'gateway-keys-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const ingest = createKey({ name: 'a', tenant: 'shop', scopes: ['ingest'] });
  const query = createKey({ name: 'b', tenant: 'shop', scopes: ['query'] });
  const keysFile = join(dir, 'keys.yaml');
  await writeFile(keysFile, stringify([ingest.entry, query.entry]));
  const running = await runGateway({ config: { keysFile } });
  return { ...running, keys: { ingest: ingest.key, query: query.key } };
}

function expectStatus(
  answer: HttpAnswer,
  format: 'protobuf' | 'json',
  { code, names }: { code: number; names: string },
): void {
  expect(answer.body.toString()).toContain(names);
  if (format === 'json') expect(statusOf(answer).code).toBe(code);
  else {
    // Field 1 of google.rpc.Status, a varint.
    expect([...answer.body.subarray(0, 2)]).toEqual([
      ...encodeStatus({ code, message: '' }, format),
    ]);
  }
}
