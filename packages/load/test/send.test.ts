import { encodeExportResponse, encodeStatus } from '@spillway/otlp';
import { describe, expect, test } from 'vitest';
import { type Batch, generate } from '../src/generate.ts';
import { type RecordCounts, type SendOptions, sendAll } from '../src/send-all.ts';
import { grpcServer, httpServer, type Scripted } from './support/scripted-server.ts';

const wanted = { traces: 20, spans: 10, logs: 130, points: 70 };
const all = { spans: 200, logs: 130, points: 70 };
const none = { spans: 0, logs: 0, points: 0 };

describe('sending', () => {
  test.each([
    ['http/protobuf', 'none'],
    ['http/protobuf', 'gzip'],
    ['http/protobuf', 'zstd'],
    ['http/json', 'none'],
    ['http/json', 'gzip'],
    ['grpc', 'none'],
    ['grpc', 'gzip'],
  ] as const)('counts what was acknowledged over %s, %s', async (protocol, compression) => {
    const server = protocol === 'grpc' ? await grpcServer() : await httpServer();
    const sent = await sendAll(batches(), { ...to(server), protocol, compression, key: 'k1' });
    expect(sent).toEqual({
      acknowledged: all,
      refused: none,
      unanswered: none,
      requests: 9,
      retries: 0,
      messages: [],
    });
    expect([server.records, server.requests]).toEqual([400, 9]);
    expect(server.headers.authorization).toBe('Bearer k1');
  });

  test.each(['http/protobuf', 'http/json', 'grpc'] as const)(
    'counts as refused what a partial success leaves out, over %s',
    async (protocol) => {
      const encoding = protocol === 'http/json' ? 'json' : 'protobuf';
      const partial = { rejected: 3, message: 'span 7 is too large' };
      const server =
        protocol === 'grpc'
          ? await grpcServer((_, signal) => {
              return { status: 0, body: encodeExportResponse(signal, partial, encoding) };
            })
          : await httpServer((_, signal) => {
              return { status: 200, body: encodeExportResponse(signal, partial, encoding) };
            });
      const sent = await sendAll(oneBatch(), { ...to(server), protocol });
      expect(sent.acknowledged).toEqual({ ...none, spans: 47 });
      expect(sent.refused).toEqual({ ...none, spans: 3 });
      expect(sent.messages).toEqual([partial.message]);
    },
  );
});

describe('over HTTP', () => {
  test('comes back when Retry-After says, and otherwise with a growing jitter', async () => {
    const replies = [
      { status: 503, headers: { 'retry-after': '7' } },
      { status: 429, headers: { 'retry-after': new Date(0).toUTCString() } },
      { status: 502 },
      { status: 504 },
    ];
    const server = await httpServer((request) => replies[request]);
    const waits: number[] = [];
    const sent = await sendAll(oneBatch(), {
      ...to(server),
      wait: async (delayMs) => void waits.push(delayMs),
      random: () => 0.5,
    });
    expect(waits).toEqual([7000, 0, 200, 400]);
    expect([sent.acknowledged.spans, sent.retries, server.records]).toEqual([50, 4, 50]);
  });

  test.each([400, 401, 413, 500])('never sends again what was answered %i', async (status) => {
    const body = encodeStatus({ code: 3, message: 'resource_spans[0] is wrong' }, 'protobuf');
    const server = await httpServer(() => ({ status, body }));
    const sent = await sendAll(oneBatch(), to(server));
    expect([sent.refused.spans, sent.requests]).toEqual([50, 1]);
    expect(sent.messages).toEqual([`HTTP ${status} resource_spans[0] is wrong`]);
  });

  test('goes to the next address when a connection breaks', async () => {
    const broken = await httpServer(() => 'cut');
    const well = await httpServer();
    const endpoints = [broken.endpoint, well.endpoint];
    const sent = await sendAll(oneBatch(), { ...to(well), endpoints });
    expect([sent.acknowledged.spans, sent.requests, sent.retries]).toEqual([50, 2, 1]);
  });

  test('gives up when the next attempt would come after the budget', async () => {
    const server = await httpServer(() => ({ status: 503, headers: { 'retry-after': '30' } }));
    const sent = await sendAll(oneBatch(), { ...to(server), retryBudgetMs: 70_000 });
    expect(sent.unanswered.spans).toBe(50);
    expect(sent.requests).toBe(3);
  });

  test('does not try the rest when requests are given up', async () => {
    const server = await httpServer(() => 'cut');
    const limits = { concurrency: 2, retryBudgetMs: 0, random: () => 0.5 };
    const sent = await sendAll(batches(), { ...to(server), ...limits });
    expect([sum(sent.unanswered), sent.requests, sent.retries]).toEqual([100, 2, 0]);
  });

  test('ends early when told to, and says what came until then', async () => {
    const abort = new AbortController();
    const server = await httpServer();
    const sent = await sendAll(batches(), {
      ...to(server),
      concurrency: 1,
      abort: abort.signal,
      onProgress: ({ requests }) => void (requests === 3 && abort.abort()),
    });
    expect(sent.requests).toBe(3);
    expect(server.records).toBe(sum(sent.acknowledged));
  });
});

describe('over gRPC', () => {
  const retryInfo = encodeStatus({ code: 8, message: '', retryDelayMs: 1500 }, 'protobuf');

  test('comes back when RetryInfo says, also for RESOURCE_EXHAUSTED', async () => {
    const replies = [
      { status: 14, details: retryInfo },
      { status: 8, details: retryInfo },
    ];
    const server = await grpcServer((request) => replies[request]);
    const waits: number[] = [];
    const sent = await sendAll(oneBatch(), {
      ...to(server),
      protocol: 'grpc',
      wait: async (delayMs) => void waits.push(delayMs),
    });
    expect(waits).toEqual([1500, 1500]);
    expect([sent.acknowledged.spans, sent.retries]).toEqual([50, 2]);
    expect(sent.messages).toEqual(['gRPC status 14: as scripted', 'gRPC status 8: as scripted']);
  });

  test.each([3, 7, 8, 13, 16])(
    'never sends again what was answered with status %i',
    async (status) => {
      const server = await grpcServer(() => ({ status }));
      const sent = await sendAll(oneBatch(), { ...to(server), protocol: 'grpc' });
      expect([sent.refused.spans, sent.requests]).toEqual([50, 1]);
    },
  );

  test('connects again when the connection breaks', async () => {
    const server = await grpcServer((request) => (request === 1 ? 'cut' : undefined));
    const sent = await sendAll(batches(), { ...to(server), protocol: 'grpc', concurrency: 1 });
    expect([sent.acknowledged, sent.retries]).toEqual([all, 1]);
  });
});

/** No wait is real. */
function to(server: Scripted): SendOptions {
  return {
    endpoints: [server.endpoint],
    protocol: 'http/protobuf',
    compression: 'none',
    key: undefined,
    timeoutMs: 10_000,
    concurrency: 3,
    retryBudgetMs: 60_000,
    abort: new AbortController().signal,
    wait: async () => {},
  };
}

function batches(): Iterable<Batch> {
  return generate({ ...wanted, batchRecordsMax: 50, seed: 3, nowMs: Date.now() });
}

function oneBatch(): Iterable<Batch> {
  const one = { traces: 5, spans: 10, logs: 0, points: 0 };
  return generate({ ...one, batchRecordsMax: 50, seed: 3, nowMs: Date.now() });
}

function sum({ spans, logs, points }: RecordCounts): number {
  return spans + logs + points;
}
