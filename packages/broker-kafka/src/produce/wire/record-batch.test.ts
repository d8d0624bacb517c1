import { createRequire } from 'node:module';
import { crc32c } from '@node-rs/crc32';
import { Reader, readRecordsBatch } from '@platformatic/kafka';
import type { OutgoingMessage } from '@spillway/broker';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesAlone } from '../partition/batch.ts';
import {
  batchHead,
  encodeRecords,
  type Records,
  type Stamp,
  sizeOfRecord,
} from './record-batch.ts';

/** Another implementation, in JavaScript alone. */
const kafkajsCrc: (bytes: Buffer) => number = createRequire(import.meta.url)(
  'kafkajs/src/protocol/recordBatch/crc32C',
);

const stamp: Stamp = { producerId: 4_294_967_296_001n, epoch: 7, sequence: 2_147_483_600 };
const timestampMs = 1_732_350_000_123;

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
);
const message: fc.Arbitrary<OutgoingMessage> = fc.record({
  topic: fc.constant('t'),
  partition: fc.constant(0),
  key: text,
  value: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
  headers: fc.dictionary(text, text, { maxKeys: 6 }),
});

describe('record batches', () => {
  test('any messages are read back the same by the decoder of @platformatic/kafka', () => {
    const many = fc.array(message, { minLength: 1, maxLength: 150 });
    fc.assert(
      fc.property(many, (messages) => {
        const batch = readRecordsBatch(Reader.from(bytesOf(encode(messages))));
        expect(batch).toMatchObject({
          firstOffset: 0n,
          magic: 2,
          attributes: 0,
          partitionLeaderEpoch: -1,
          firstTimestamp: BigInt(timestampMs),
          maxTimestamp: BigInt(timestampMs),
          producerId: stamp.producerId,
          producerEpoch: 7,
          firstSequence: stamp.sequence,
          lastOffsetDelta: messages.length - 1,
        });
        expect(batch.records.map(readable)).toEqual(messages.map(wanted));
      }),
      { numRuns: 150 },
    );
  });

  test('lengths at the borders of varints and of the short loop for text are exact', () => {
    const sizes = [0, 1, 47, 48, 49, 63, 64, 8_191, 8_192, 1_048_575, 1_048_576];
    const messages = sizes.flatMap((size) => [
      messageWith({ value: [Buffer.alloc(size, 1)] }),
      messageWith({ key: 'k'.repeat(size), headers: { ['ü'.repeat(size % 100)]: '🚰'.repeat(9) } }),
    ]);
    const { records } = readRecordsBatch(Reader.from(bytesOf(encode(messages))));
    expect(records.map(readable)).toEqual(messages.map(wanted));
  });

  test('the announced bytes are the written ones, and never more than foreseen', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 40 }), (messages) => {
        const records = encode(messages);
        const bytes = bytesOf(records);
        expect(records.batchBytes).toBe(bytes.length);
        expect(bytes.readInt32BE(8)).toBe(bytes.length - 12);
        const alone = messages.map((one) => bytesOf(encode([one])).length);
        alone.forEach((length, index) => {
          const foreseen = bytesAlone(sizeOfRecord(messages[index] as OutgoingMessage));
          expect(length).toBeLessThanOrEqual(foreseen);
        });
      }),
      { numRuns: 60 },
    );
  });

  test('the checksum is CRC-32C of everything behind it', () => {
    expect(crc32c('123456789')).toBe(0xe306_9283); // RFC 3720, appendix B.4, and many others
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 10 }), (messages) => {
        const bytes = bytesOf(encode(messages));
        expect(bytes.readUInt32BE(17)).toBe(kafkajsCrc(bytes.subarray(21)) >>> 0);
      }),
      { numRuns: 60 },
    );
  });

  test('values are not copied', () => {
    const value = [Buffer.alloc(10), Buffer.alloc(20)];
    const { parts } = encode([messageWith({ value }), messageWith({ value: [] })]);
    for (const part of value) expect(parts).toContain(part);
  });
});

function messageWith(rest: Partial<OutgoingMessage>): OutgoingMessage {
  return { topic: 't', partition: 0, key: '', value: [], headers: {}, ...rest };
}

function encode(messages: readonly OutgoingMessage[]): Records {
  return encodeRecords(messages, messages.map(sizeOfRecord), timestampMs);
}

function bytesOf(records: Records): Buffer {
  return Buffer.concat([batchHead(records, stamp), ...records.parts]);
}

type Read = ReturnType<typeof readRecordsBatch>['records'][number];

function readable({ key, value, headers, offsetDelta, timestampDelta }: Read) {
  const pairs = (headers as unknown as Buffer[][]).map((pair) => pair.map((one) => one.toString()));
  return {
    key: String(key),
    value: value?.toString('hex'),
    headers: pairs,
    offsetDelta,
    timestampDelta,
  };
}

function wanted({ key, value, headers }: OutgoingMessage, index: number) {
  const utf8 = (one: string) => Buffer.from(one).toString();
  return {
    key: utf8(key),
    value: Buffer.concat(value).toString('hex'),
    headers: Object.entries(headers).map((pair) => pair.map(utf8)),
    offsetDelta: index,
    timestampDelta: 0n,
  };
}
