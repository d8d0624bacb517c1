/** OTLP requests written by hand, for what no SDK writes. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** A field of bytes: a string, a message, a packed list. */
export function field(number: number, ...values: readonly (Uint8Array | string)[]): Buffer {
  const value = Buffer.concat(values.map((each) => Buffer.from(each)));
  return Buffer.concat([headOf(number, value.length), value]);
}

function headOf(number: number, length: number): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(length)]);
}

export function fixed64(number: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = number * 8 + 1;
  bytes.writeBigUInt64LE(value, 1);
  return bytes;
}

/** So many fields of this number without a byte in them. */
export function empties(number: number, count: number): Buffer {
  const pair = Buffer.from([number * 8 + 2, 0]);
  return Buffer.alloc(pair.length * count, pair);
}

/** One resource, one scope: what is in the scope. */
export function requestOf(service: string, scope: Uint8Array): Buffer {
  const name = field(1, field(1, 'service.name'), field(2, field(1, service)));
  return field(1, field(1, name), field(2, scope));
}

export function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

/** A request for logs of so many records without a field. */
export function emptyRecords(count: number): Buffer {
  return field(1, field(2, empties(2, count)));
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
  return logOf(Buffer.concat([fixed64(1, nowNs()), field(5, field(1, text))]));
}

/** One log whose body is a list of so many values without a field. */
export function manyValues(count: number): Buffer {
  return logOf(field(5, field(5, empties(1, count))));
}

function logOf(record: Uint8Array): Buffer {
  return field(1, field(2, field(2, record)));
}
