import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { runGateway } from './support/gateway.ts';
import { call, grpcClient } from './support/grpc.ts';
import { json, protobuf, send } from './support/http.ts';

/** A length-delimited field of protobuf. */
function field(number: number, content: Uint8Array): Buffer {
  const head = [number * 8 + 2];
  let length = content.length;
  for (; length > 127; length = Math.floor(length / 128)) head.push((length % 128) | 128);
  return Buffer.concat([Buffer.from([...head, length]), content]);
}

/** As many records of no bytes. */
const emptyRecords = (count: number) => Buffer.alloc(2 * count, Buffer.from([0x12, 0]));
const withRecords = (records: Uint8Array) => field(1, field(2, records));
const gaugePoints = (count: number) =>
  field(2, field(5, Buffer.alloc(2 * count, Buffer.from([0x0a, 0]))));

const small = { traces: withRecords(emptyRecords(1000)), logs: withRecords(emptyRecords(1000)) };
const amplified = {
  traces: withRecords(emptyRecords(262_144)),
  logs: withRecords(emptyRecords(262_144)),
  metrics: withRecords(gaugePoints(262_144)),
  'traces of many resources': Buffer.concat(
    Array(50_000).fill(withRecords(Buffer.from([0x12, 0]))),
  ),
  'logs of many resources': Buffer.concat(Array(50_000).fill(withRecords(Buffer.from([0x12, 0])))),
};

describe('a request has no more records than its bytes can hold', () => {
  it.each(Object.entries(amplified))(
    '%s: 413 before anything is kept of it',
    async (name, body) => {
      const { http, grpc, gateway } = await runGateway();
      const signal = name.split(' ')[0];
      const headers = { ...protobuf, 'content-encoding': 'gzip' };
      const answer = await send(http, { path: `/v1/${signal}`, headers, body: gzipSync(body) });
      expect(answer.status).toBe(413);
      expect(answer.body.toString()).toContain('records that one request of its size may have');
      if (signal === 'traces') {
        const refused = await call(grpcClient(grpc), { body });
        expect([refused.code, refused.message]).toEqual([8, expect.stringContaining('records')]);
      }
      expect(gateway.stats().recordsAccepted).toEqual([]);
      expect(gateway.stats().inFlight).toEqual({ requests: 0, bytes: 0 });
    },
  );

  it('in JSON too', async () => {
    const { http } = await runGateway();
    const spans = `[${Array(20_000).fill('{}').join(',')}]`;
    const body = `{"resourceSpans":[{"scopeSpans":[{"spans":${spans}}]}]}`;
    expect((await send(http, { headers: json, body })).status).toBe(413);
  });

  it.each(Object.entries(small))('a few %s may be small', async (signal, body) => {
    const { http } = await runGateway();
    expect((await send(http, { path: `/v1/${signal}`, headers: protobuf, body })).status).toBe(200);
  });

  it('and no more than the operator allows', async () => {
    const { http } = await runGateway({ config: { recordsPerRequestMax: 10 } });
    const body = withRecords(emptyRecords(11));
    expect((await send(http, { headers: protobuf, body })).status).toBe(413);
  });

  it('and its resource is not given without end', async () => {
    const { http } = await runGateway();
    const resource = Buffer.alloc(2 * 2000, Buffer.from([0x0a, 0]));
    const body = field(1, Buffer.concat([resource, field(2, field(2, Buffer.alloc(20)))]));
    const answer = await send(http, { path: '/v1/logs', headers: protobuf, body });
    expect(answer.status).toBe(400);
  });
});
