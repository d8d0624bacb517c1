import { Reader, wireBytes, wireFixed64, wireVarint } from '../reader.ts';
import type { Field, Message } from '../schema.ts';

/** Nested deeper, what is inside is not counted: it bounds the stack. */
const depthMax = 100;

/** How many messages and repeated numbers a well-formed message has inside. Builds nothing. */
export function countValues(message: Message, bytes: Uint8Array): number {
  return countIn(message, new Reader(bytes), 0);
}

function countIn(message: Message, reader: Reader, depth: number): number {
  let values = 0;
  while (reader.more) {
    const tag = reader.tag();
    const field = message.byNumber.get(tag >>> 3);
    if (field && (tag & 7) === wireBytes && (field.kind === 'message' || field.repeated)) {
      const outer = reader.enter();
      values += field.kind === 'message' ? 1 : packed(field, reader);
      if (field.kind === 'message' && depth < depthMax) {
        values += countIn(field.message(), reader, depth + 1);
      }
      reader.leave(outer);
      continue;
    }
    if (field?.repeated) values += 1;
    reader.skip(tag);
  }
  return values;
}

function packed({ wire }: Field, reader: Reader): number {
  if (wire === wireFixed64) return (reader.limit - reader.pos) / 8;
  let values = 0;
  if (wire === wireVarint) for (; reader.more; values++) reader.varint();
  return values;
}
