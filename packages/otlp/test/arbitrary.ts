/** Messages of any OTLP type, made by reflection over the official definitions. */

import type { Signal } from '@spillway/otlp';
import fc from 'fast-check';
import type protobuf from 'protobufjs';
import { requestType } from './official.ts';

export type Plain = Record<string, unknown>;
type Arb = fc.Arbitrary<unknown>;

/** Values nest this deep; every other message ends by itself. */
const valueDepth = 3;

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.constantFrom('', 'service.name', '__proto__', 'constructor', 'a"\\\n\u0000\u2028é€😀'),
);
const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));
const double = fc.oneof(fc.double(), fc.constantFrom(0, -0, 1, Number.NaN, -Infinity, Infinity));
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const int64 = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.constantFrom('0', '9007199254740993', '-9007199254740993', '9223372036854775807'),
);
const int32 = fc.integer();
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });

const scalars: Readonly<Record<string, Arb>> = {
  string: text,
  bytes,
  double,
  bool: fc.boolean(),
  int32,
  sint32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
};

const traceId = idOf(16);
const spanId = idOf(8);
const maybeTraceId = fc.oneof(traceId, fc.constant(Buffer.alloc(0)));
const maybeSpanId = fc.oneof(spanId, fc.constant(Buffer.alloc(0)));

/** Where a valid record needs more than its type says. */
const fieldOverrides: Readonly<Record<string, Arb>> = {
  'Span.traceId': traceId,
  'Span.spanId': spanId,
  'Span.parentSpanId': maybeSpanId,
  'Link.traceId': maybeTraceId,
  'Link.spanId': maybeSpanId,
  'LogRecord.traceId': maybeTraceId,
  'LogRecord.spanId': maybeSpanId,
  'Exemplar.traceId': maybeTraceId,
  'Exemplar.spanId': maybeSpanId,
};
const required = new Set(['Span.traceId', 'Span.spanId']);

const typeOverrides: Readonly<Record<string, (message: Plain) => Plain>> = {
  NumberDataPoint: (point) => ('asInt' in point || 'asDouble' in point ? point : valued(point)),
  HistogramDataPoint: (point) => {
    const counts = (point.bucketCounts ?? []) as unknown[];
    const explicitBounds = counts.slice(1).map((_, index) => index * 1.5);
    return { ...point, explicitBounds };
  },
};

export function requestArbitrary(signal: Signal): fc.Arbitrary<Plain> {
  return messageOf(requestType[signal], 0);
}

function messageOf(type: protobuf.Type, depth: number): fc.Arbitrary<Plain> {
  const inOneof = new Set(type.oneofsArray.flatMap((oneof) => oneof.oneof));
  const plain = type.fieldsArray.filter((field) => !inOneof.has(field.name));
  const model: Record<string, Arb> = {};
  for (const field of plain) {
    const one = arbitraryOf(type, field.resolve(), depth);
    model[field.name] = field.repeated ? fc.array(one, { maxLength: 3 }) : one;
  }
  const requiredKeys = Object.keys(model).filter((name) => required.has(`${type.name}.${name}`));
  const base = fc.record(model, { requiredKeys }) as fc.Arbitrary<Plain>;
  const choices = type.oneofsArray.map((oneof) => choiceOf(type, oneof, depth));
  const adjust = typeOverrides[type.name];
  return fc.tuple(base, ...choices).map((parts) => {
    const message = Object.assign({}, ...parts) as Plain;
    return adjust ? adjust(message) : message;
  });
}

/** None or one member. */
function choiceOf(type: protobuf.Type, oneof: protobuf.OneOf, depth: number): fc.Arbitrary<Plain> {
  const members = oneof.fieldsArray
    .map((field) => field.resolve())
    .filter((field) => depth < valueDepth || !['arrayValue', 'kvlistValue'].includes(field.name))
    .map((field) => arbitraryOf(type, field, depth).map((value) => ({ [field.name]: value })));
  return fc.oneof(fc.constant({}), ...members);
}

function arbitraryOf(type: protobuf.Type, field: protobuf.Field, depth: number): Arb {
  const override = fieldOverrides[`${type.name}.${field.name}`];
  if (override) return override;
  const { resolvedType } = field;
  if (resolvedType === null) return scalars[field.type] as Arb;
  if (!('fieldsArray' in resolvedType)) return fc.integer({ min: 0, max: 30 });
  return messageOf(resolvedType, type.name === 'AnyValue' ? depth + 1 : depth);
}

function valued(point: Plain): Plain {
  return { ...point, asInt: '9007199254740993' };
}

function idOf(length: number): fc.Arbitrary<Buffer> {
  return fc
    .uint8Array({ minLength: length, maxLength: length })
    .filter((id) => id.some((byte) => byte !== 0))
    .map((id) => Buffer.from(id));
}
