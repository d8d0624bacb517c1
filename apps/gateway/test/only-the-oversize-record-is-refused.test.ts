import { createHash } from 'node:crypto';
import {
  deadLetterHeaders,
  deadLetterTopicOf,
  headerNames,
  type PublishOutcome,
  readEnvelope,
  topicOf,
} from '@spillway/broker';
import { decode, jsonToProtobuf, type Signal, signals } from '@spillway/otlp';
import { expect, it } from 'vitest';
import {
  openBroker,
  readAll,
  readNotes,
  recordsOf,
  runGateway,
  withPublish,
} from './support/gateway.ts';
import { json, protobuf, send } from './support/http.ts';
import { jsonRequest } from './support/requests.ts';

const messageBytesMax = 20_000;
const small = { records: 60, padding: 1_000 };

function withHuge(signal: Signal): Buffer {
  const [body, huge] = [
    JSON.parse(jsonRequest(signal, small).toString()),
    JSON.parse(jsonRequest(signal, { name: 'huge', padding: 50_000 }).toString()),
  ];
  const key = Object.keys(body)[0] as string;
  // Between the small ones.
  return Buffer.from(JSON.stringify({ [key]: [...body[key], ...huge[key], ...body[key]] }));
}

it.each(signals)('splits %s that are too large together, and refuses none', async (signal) => {
  const { http, broker } = await runGateway({ messageBytesMax });
  const body = jsonRequest(signal, small);
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await send(http, { path: `/v1/${signal}`, headers: json, body });
    expect([answer.status, answer.body.toString()]).toEqual([200, '{}']);
  }
  const messages = await readAll(broker, topicOf[signal]);
  expect(recordsOf(messages)).toBe(120);
  expect(messages.length).toBeGreaterThan(6);
  for (const { value } of messages) expect(value.length).toBeLessThan(messageBytesMax);
  // The retry was cut alike: the stores will know every record again.
  expect(keysOf(signal, messages)).toEqual(
    keysOf(signal, [{ headers: {}, value: jsonToProtobuf(signal, body) }]),
  );
});

it.each(signals)('refuses of %s the record alone that is too large', async (signal) => {
  const { gateway, http, broker } = await runGateway({ messageBytesMax });
  const body = withHuge(signal);
  const answer = await send(http, { path: `/v1/${signal}`, headers: json, body });
  expect(answer.status).toBe(200);
  const { partialSuccess } = JSON.parse(answer.body.toString());
  const rejected = Object.entries(partialSuccess).find(([name]) => name.startsWith('rejected'));
  expect(rejected?.[1]).toBe('1');
  expect(partialSuccess.errorMessage).toMatch(/service "huge-0".* has 5\d{4} bytes/);
  expect(recordsOf(await readAll(broker, topicOf[signal]))).toBe(120);

  const deadLetters = await readAll(broker, deadLetterTopicOf[signal]);
  expect(deadLetters).toHaveLength(1);
  const [deadLetter] = deadLetters;
  const huge = jsonToProtobuf(signal, jsonRequest(signal, { name: 'huge', padding: 50_000 }));
  expect(deadLetter?.value).toHaveLength(0);
  expect(deadLetter?.headers).toMatchObject({
    [deadLetterHeaders.group]: 'gateway',
    [deadLetterHeaders.code]: 'too-large',
    [deadLetterHeaders.reason]: partialSuccess.errorMessage,
    [deadLetterHeaders.bytes]: String(huge.length),
    [deadLetterHeaders.digest]: createHash('sha256').update(huge).digest('hex'),
    [headerNames.tenant]: 'default',
  });

  await gateway.stop();
  const notes = await readNotes(broker);
  const noted = notes.flatMap(({ messages }) => messages);
  expect(noted.reduce((sum, { records }) => sum + records, 0)).toBe(120);
  expect(notes.flatMap(({ refused }) => refused)).toMatchObject([{ signal, records: 1 }]);
});

it('answers 503 when the dead letter that would remember the record is not durable', async () => {
  const down: PublishOutcome = { status: 'unknown', message: 'down' };
  const broker = withPublish(await openBroker(), async (messages, real) => {
    const outcomes = await real.publish(messages);
    return outcomes.map((outcome, i) => (messages[i]?.value.length ? outcome : down));
  });
  const { http } = await runGateway({ broker, messageBytesMax });
  const answer = await send(http, { headers: json, body: withHuge('traces') });
  expect(answer.status).toBe(503);
});

it('answers 413 where a huge resource would be repeated with every record', async () => {
  const { http } = await runGateway({ messageBytesMax });
  const request = JSON.parse(jsonRequest('logs', { records: 500 }).toString());
  const value = { stringValue: 'x'.repeat(19_000) };
  request.resourceLogs[0].resource.attributes.push({ key: 'environment', value });
  const body = jsonToProtobuf('logs', Buffer.from(JSON.stringify(request)));
  const answer = await send(http, { path: '/v1/logs', headers: protobuf, body });
  expect(answer.status).toBe(413);
  expect(answer.body.toString()).toContain('resource attribute "environment"');
});

function keysOf(
  signal: Signal,
  messages: readonly { value: Uint8Array; headers: Readonly<Record<string, string>> }[],
): string[] {
  const keys = messages.flatMap(({ value, headers }) => {
    const place = { topic: topicOf[signal], partition: 0, position: 0, timestampMs: 0 };
    const { ordinals } = readEnvelope({ ...place, headers });
    return decode(signal, value, { tenant: 't', ordinals }).records.map(({ key }) => key);
  });
  return [...new Set(keys)];
}
