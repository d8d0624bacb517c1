/** OTLP in protobuf by hand, as no library of ours would write it. */

/** A request for logs of so many records without a field. */
export function emptyRecords(count: number): Buffer {
  return field(1, field(2, Buffer.alloc(2 * count, Buffer.from([0x12, 0]))));
}

/** One log whose body is a list within a list, so many deep. */
export function nestedValue(depth: number): Buffer {
  const heads: Buffer[] = [];
  let length = 0;
  for (let level = 0; level < depth; level++) {
    for (const number of [1, 5]) {
      const head = headOf(number, length);
      length += head.length;
      heads.push(head);
    }
  }
  return logOf(field(5, Buffer.concat(heads.reverse())));
}

/** One log with a text as its body, and a time of now. */
export function textLog(text: string): Buffer {
  const time = Buffer.alloc(9);
  time[0] = 0x09;
  time.writeBigUInt64LE(BigInt(Date.now()) * 1_000_000n, 1);
  return logOf(Buffer.concat([time, field(5, field(1, Buffer.from(text)))]));
}

/** One log whose body is a list of so many values without a field. */
export function manyValues(count: number): Buffer {
  return logOf(field(5, field(5, Buffer.alloc(2 * count, Buffer.from([0x0a, 0])))));
}

function logOf(record: Buffer): Buffer {
  return field(1, field(2, field(2, record)));
}

function field(number: number, bytes: Buffer): Buffer {
  return Buffer.concat([headOf(number, bytes.length), bytes]);
}

/** Tag and length. */
function headOf(number: number, length: number): Buffer {
  const bytes = [(number << 3) | 2];
  let left = length;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return Buffer.from([...bytes, left]);
}
