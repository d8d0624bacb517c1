import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { topicOf } from '@spillway/broker';
import { describe, expect, it } from 'vitest';
import { readAll, recordsOf, runGateway } from './support/gateway.ts';
import { call, grpcClient, gzip } from './support/grpc.ts';
import { protobuf, send } from './support/http.ts';
import { protobufRequest } from './support/requests.ts';

const encodings = [
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['zstd', zstdCompressSync],
] as const;
const small = protobufRequest('logs', { records: 40 });
// Random enough to stay above what is inflated at once, compressed.
const large = protobufRequest('traces', { records: 6000, groups: 500 });

describe.each(encodings)('content encoding %s', (encoding, compress) => {
  const headers = { ...protobuf, 'content-encoding': encoding };

  it('publishes the same bytes as without it, small and large', async () => {
    const { http, broker } = await runGateway();
    for (const [path, body] of [
      ['/v1/logs', small],
      ['/v1/traces', large],
    ] as const) {
      const topic = path === '/v1/logs' ? topicOf.logs : topicOf.traces;
      expect((await send(http, { path, headers: protobuf, body })).status).toBe(200);
      const plain = await readAll(broker, topic);
      expect((await send(http, { path, headers, body: compress(body) })).status).toBe(200);
      const both = await readAll(broker, topic);
      expect(recordsOf(both)).toBe(2 * recordsOf(plain));
      expect(valuesOf(both)).toEqual(new Set(valuesOf(plain)));
    }
  });

  it('answers 400 to a body that is cut or is something else', async () => {
    const { http, gateway } = await runGateway();
    for (const body of [small, large]) {
      const whole = compress(body);
      const cut = await send(http, { headers, body: whole.subarray(0, -5) });
      const plain = await send(http, { headers, body });
      expect([cut.status, plain.status]).toEqual([400, 400]);
      expect(plain.body.toString()).toContain(`not valid ${encoding}`);
    }
    expect(gateway.stats().inFlight).toEqual({ requests: 0, bytes: 0 });
  });

  it('stops a bomb at the size limit, and at the growth limit, with 413', async () => {
    const bomb = compress(Buffer.alloc(32 * 1024 * 1024));
    const wide = await runGateway({ config: { bodyBytesMax: 4e6, inflateRatioMax: 1e6 } });
    const steep = await runGateway({ config: { inflateRatioMax: 10 } });
    // The compressed and the inflated bytes together pass the bulkhead of the signal before the limit.
    const narrow = await runGateway({ config: { bodyBytesMax: 4e6, tenantSignalBytesMax: 5e6 } });
    for (const { http, gateway } of [wide, steep, narrow]) {
      expect((await send(http, { headers, body: bomb })).status).toBe(413);
      expect(gateway.stats().inFlight).toEqual({ requests: 0, bytes: 0 });
    }
  });
});

describe('compressed bodies', () => {
  it('are taken over gRPC as over HTTP', async () => {
    const { grpc, broker } = await runGateway();
    const answers = [
      await call(grpcClient(grpc, gzip), { body: large }),
      await call(grpcClient(grpc), { body: large }),
    ];
    expect(answers.map(({ code }) => code)).toEqual([0, 0]);
    const messages = await readAll(broker, topicOf.traces);
    expect(recordsOf(messages)).toBe(12_000);
    expect(valuesOf(messages).size).toBe(4);
  });

  it('may be empty', async () => {
    const { http } = await runGateway();
    const headers = { ...protobuf, 'content-encoding': 'gzip' };
    expect((await send(http, { headers, body: gzipSync('') })).status).toBe(200);
    expect((await send(http, { headers, body: '' })).status).toBe(200);
  });

  it('refuses a zstd frame that wants a large window', async () => {
    const { http } = await runGateway();
    // Magic, descriptor without content size, window of 2 GiB, one raw last block of a byte.
    const body = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0x00, 0x00, 0x00]);
    const headers = { ...protobuf, 'content-encoding': 'zstd' };
    expect((await send(http, { headers, body })).status).toBe(400);
  });

  it('many bombs at once stay within what two inflations may hold', async () => {
    const { http, gateway } = await runGateway({ config: { bodyBytesMax: 16 * 1024 * 1024 } });
    const body = gzipSync(Buffer.alloc(256 * 1024 * 1024), { level: 1 });
    const headers = { ...protobuf, 'content-encoding': 'gzip' };
    let bytesMax = 0;
    const timer = setInterval(() => {
      bytesMax = Math.max(bytesMax, gateway.stats().inFlight.bytes);
    }, 1);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => send(http, { headers, body })),
    );
    clearInterval(timer);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([413]));
    // Each grows into its 16 MiB from 8.
    expect(bytesMax).toBeLessThan(2 * 24 * 1024 * 1024 + 12 * body.length);
    expect(gateway.stats().inFlight).toEqual({ requests: 0, bytes: 0 });
  });
});

function valuesOf(messages: readonly { value: Uint8Array }[]): Set<string> {
  return new Set(messages.map(({ value }) => Buffer.from(value).toString('base64')));
}
