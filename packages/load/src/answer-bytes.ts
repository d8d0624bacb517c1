/**
 * The little that a client must read of what a server says.
 * Sources: opentelemetry-proto `collector/*_service.proto`; googleapis `rpc/status.proto`,
 * `rpc/error_details.proto`.
 */

export interface PartialSuccess {
  rejected: number;
  message: string;
}

/** `partial_success` of an `Export<Signal>ServiceResponse`; the field numbers are the same in all. */
export function readPartialSuccess(response: Uint8Array): PartialSuccess {
  const partial = bytesOf(fieldsOf(response).get(1));
  const fields = partial ? fieldsOf(partial) : new Map<number, Value>();
  return {
    rejected: numberOf(fields.get(1)),
    message: textOf(fields.get(2)),
  };
}

/** The same as JSON: int64 may be a string or a number. */
export function readPartialSuccessJson(response: string): PartialSuccess {
  const { partialSuccess = {} } = JSON.parse(response) as {
    partialSuccess?: Record<string, string | number>;
  };
  const { rejectedSpans, rejectedDataPoints, rejectedLogRecords, errorMessage } = partialSuccess;
  return {
    rejected: Number(rejectedSpans ?? rejectedDataPoints ?? rejectedLogRecords ?? 0),
    message: String(errorMessage ?? ''),
  };
}

/** `message` and `RetryInfo.retry_delay` of a `google.rpc.Status`. */
export function readStatus(status: Uint8Array): {
  message: string;
  retryDelayMs: number | undefined;
} {
  const fields = fieldsOf(status);
  return { message: textOf(fields.get(2)), retryDelayMs: retryDelayOf(fields.all(3)) };
}

type Value = number | Uint8Array;

/** The last value of each field, and all of those that repeat. */
class Fields extends Map<number, Value> {
  readonly #all: [number, Value][] = [];

  add(field: number, value: Value): void {
    this.set(field, value);
    this.#all.push([field, value]);
  }

  all(field: number): Value[] {
    return this.#all.filter(([known]) => known === field).map(([, value]) => value);
  }
}

function retryDelayOf(details: readonly Value[]): number | undefined {
  for (const detail of details) {
    const any = fieldsOf(bytesOf(detail) ?? new Uint8Array());
    if (!textOf(any.get(1)).endsWith('/google.rpc.RetryInfo')) continue;
    const delay = bytesOf(fieldsOf(bytesOf(any.get(2)) ?? new Uint8Array()).get(1));
    const duration = fieldsOf(delay ?? new Uint8Array());
    return numberOf(duration.get(1)) * 1000 + Math.ceil(numberOf(duration.get(2)) / 1e6);
  }
  return undefined;
}

/** Throws a `RangeError` for bytes that are not protobuf. */
function fieldsOf(bytes: Uint8Array): Fields {
  const fields = new Fields();
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = view.readUInt8(offset++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a varint of more than ten bytes');
  };
  while (offset < view.length) {
    const tag = varint();
    const wire = tag % 8;
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 0 ? 0 : varint();
    if (wire === 3 || wire === 4 || offset + length > view.length) {
      throw new RangeError('not a protobuf message');
    }
    fields.add(Math.floor(tag / 8), wire === 0 ? varint() : view.subarray(offset, offset + length));
    offset += length;
  }
  return fields;
}

function numberOf(value: Value | undefined): number {
  return typeof value === 'number' ? value : 0;
}

function bytesOf(value: Value | undefined): Uint8Array | undefined {
  return typeof value === 'object' ? value : undefined;
}

function textOf(value: Value | undefined): string {
  return Buffer.from(bytesOf(value) ?? []).toString('utf8');
}
