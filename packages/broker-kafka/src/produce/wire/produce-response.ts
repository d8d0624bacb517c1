import type { TopicPartition } from '@spillway/broker';
import { Cursor } from '../../records/cursor.ts';

export interface PartitionAnswer extends TopicPartition {
  errorCode: number;
  /** The offset of the batch's first record; -1 where there is none. */
  baseOffset: number;
  errorMessage: string | undefined;
}

/** Reads a produce response, version 8, from behind its correlation id. Throws when it is cut. */
export function parseProduce(body: Buffer): PartitionAnswer[] {
  const cursor = new Cursor(body);
  const answers: PartitionAnswer[] = [];
  for (let topics = cursor.int32(); topics > 0; topics -= 1) {
    const topic = nullableText(cursor) ?? '';
    for (let partitions = cursor.int32(); partitions > 0; partitions -= 1) {
      answers.push(readPartition(cursor, topic));
    }
  }
  return answers;
}

function readPartition(cursor: Cursor, topic: string): PartitionAnswer {
  const partition = cursor.int32();
  const errorCode = cursor.int16();
  const baseOffset = cursor.int64();
  cursor.skip(16); // When it was appended, and where the log starts.
  let recordMessage: string | undefined;
  for (let errors = cursor.int32(); errors > 0; errors -= 1) {
    cursor.skip(4);
    recordMessage ??= nullableText(cursor);
  }
  const errorMessage = nullableText(cursor) ?? recordMessage;
  return { topic, partition, errorCode, baseOffset, errorMessage };
}

function nullableText(cursor: Cursor): string | undefined {
  const length = cursor.int16();
  return length < 0 ? undefined : cursor.text(length);
}
