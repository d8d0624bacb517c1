import zlib from 'node:zlib';
import { type Signal, signals } from '@spillway/otlp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAll } from './support/answers.ts';
import { expectedOf } from './support/expected.ts';
import { handMade } from './support/hand-made.ts';
import { type Message, writeRequest } from './support/official.ts';
import { type Spillway, startSpillway } from './support/spillway.ts';
import type { SentRequest } from './support/tap.ts';

let spillway: Spillway;

beforeAll(async () => {
  spillway = await startSpillway();
});

afterAll(() => spillway?.stop());

const same = (body: Uint8Array): Uint8Array => body;

test.each([
  ['protobuf', 'identity', same],
  ['protobuf', 'zstd', zlib.zstdCompressSync],
  ['json', 'identity', same],
  ['json', 'gzip', zlib.gzipSync],
  ['json', 'deflate', zlib.deflateSync],
] as const)('every field of a hand-made body comes back: %s, %s', async (...some) => {
  const [encoding, content, compress] = some;
  const place = spillway.sent.length;
  const options = {
    service: `hand-${encoding}-${content}`,
    traceId: String(place).repeat(31) + (place + 1),
    nowMs: Date.now(),
  };
  const requests: SentRequest[] = signals.map((signal) => {
    const message = handMade(signal, options);
    return { signal, encoding, body: bodyOf(signal, encoding, message) };
  });
  for (const { signal, body } of requests) {
    const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
    const response = await fetch(`http://${spillway.http}/v1/${signal}`, {
      method: 'POST',
      headers: { 'content-type': type, 'content-encoding': content },
      body: Buffer.from(compress(body)),
    });
    expect([signal, response.status]).toEqual([signal, 200]);
  }
  const sent = expectedOf(requests);
  await expectAll(spillway, sent);
});

test('JSON as the specification allows it, and others write it, is read', async () => {
  const time = String(BigInt(Date.now()) * 1_000_000n);
  const body = `{
    "aFieldOfTomorrow": {"deep": [1, {"x": null}]},
    "resourceLogs": [{
      "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "loose-json"}}]},
      "scopeLogs": [{"logRecords": [{
        "timeUnixNano": ${time}, "observedTimeUnixNano": null,
        "traceId": "ABCDEF0123456789ABCDEF0123456789", "spanId": "ABCDEF0123456789",
        "severityNumber": 9, "flags": 1, "unknown": [[]],
        "body": {"kvlistValue": {"values": [
          {"key": "number", "value": {"intValue": 9007199254740993}},
          {"key": "string", "value": {"intValue": "-9007199254740993"}},
          {"key": "double", "value": {"doubleValue": 1}},
          {"key": "text", "value": {"doubleValue": "NaN"}},
          {"key": "null", "value": {"stringValue": null}}
        ]}}
      }]}]
    }]
  }`;
  const request: SentRequest = { signal: 'logs', encoding: 'json', body: Buffer.from(body) };
  const response = await fetch(`http://${spillway.http}/v1/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(response.status).toBe(200);
  const sent = expectedOf([request]);
  expect(sent.logs[0]?.body?.kvlistValue?.values.map(({ value }) => value)).toEqual([
    { intValue: '9007199254740993' },
    { intValue: '-9007199254740993' },
    { doubleValue: 1 },
    { doubleValue: 'NaN' },
    {},
  ]);
  await expectAll(spillway, sent);
});

function bodyOf(signal: Signal, encoding: 'protobuf' | 'json', message: Message): Buffer {
  if (encoding === 'json') return Buffer.from(JSON.stringify(message));
  return Buffer.from(writeRequest(signal, message));
}
