import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { topicOf } from '@spillway/broker';
import { encodeRequest } from '@spillway/otlp';
import { expect, it } from 'vitest';
import { TestRecords } from '../../../store/src/contract/test-records.ts';
import { InFlightMessage } from './in-flight-message.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const limits = { recordsMax: 10_000, bytesMax: 16_777_216 };

function itemOf(value: Uint8Array, position: number): InFlightMessage {
  const place = { topic: topicOf.logs, partition: 0, position, timestampMs: 1, key: '' };
  return new InFlightMessage({ ...place, value, headers: {} }, 'writer');
}

it('thousands of small messages that are decoded hold no buffers of their own', () => {
  const value = encodeRequest('logs', [new TestRecords({ nowMs: 1 }).log()]);
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  const items = Array.from({ length: 4_000 }, (_, position) => itemOf(value, position));
  for (const item of items) item.decode(limits);
  collectGarbage();
  const grown = process.memoryUsage().arrayBuffers - before;
  expect(items.every(({ isDecoded }) => isDecoded)).toBe(true);
  expect(grown / 4_000).toBeLessThan(1_000);
});

it('an ordinal of each record stays known when a message is decoded', () => {
  const record = new TestRecords({ nowMs: 1 }).log();
  const item = itemOf(encodeRequest('logs', [record, record]), 0);
  item.decode(limits);
  expect(item.ordinals).toEqual([0, 1]);
});
