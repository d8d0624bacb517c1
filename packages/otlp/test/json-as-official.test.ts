import { jsonToProtobuf, protobufToJson, type Signal, signals } from '@spillway/otlp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Plain, requestArbitrary } from './arbitrary.ts';
import { looseEncode } from './loose-encode.ts';
import { decodeOfficial, encodeOfficial, requestType } from './official.ts';

const numRuns = 250;

describe.each(signals)('%s', (signal) => {
  const requests = requestArbitrary(signal);

  it('reads JSON as the message that an independent library makes of it', () => {
    fc.assert(
      fc.property(requests, fc.boolean(), (request, spaced) => {
        const plain = decodeOfficial(signal, encodeOfficial(signal, request));
        const json = JSON.stringify(toOtlpJson(plain), undefined, spaced ? 2 : 0);
        const bytes = jsonToProtobuf(signal, Buffer.from(json));
        expect(withDefaults(signal, bytes)).toEqual(
          withDefaults(signal, encodeOfficial(signal, request)),
        );
      }),
      { numRuns },
    );
  });

  it('writes as JSON what an independent library reads', () => {
    fc.assert(
      fc.property(requests, fc.nat(), (request, seed) => {
        const bytes = looseEncode(requestType[signal], request, seed);
        const json = JSON.parse(protobufToJson(signal, bytes));
        expect(fromOtlpJson(json)).toEqual(decodeOfficial(signal, bytes));
      }),
      { numRuns },
    );
  });

  it('loses nothing from protobuf to JSON and back', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const bytes = encodeOfficial(signal, request);
        const again = jsonToProtobuf(signal, Buffer.from(protobufToJson(signal, bytes)));
        expect(withDefaults(signal, again)).toEqual(withDefaults(signal, bytes));
      }),
      { numRuns },
    );
  });
});

/** What the library reads, with every default made explicit: 0 and absent are one. */
function withDefaults(signal: Signal, bytes: Uint8Array): Plain {
  const type = requestType[signal];
  const options = { longs: String, bytes: String, enums: Number, defaults: true };
  return type.toObject(type.decode(bytes), options);
}

const idNames = new Set(['traceId', 'spanId', 'parentSpanId']);

/** ids to hex, and what JSON cannot hold to its ProtoJSON form. */
function toOtlpJson(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((element) => toOtlpJson(element, name));
  if (typeof value === 'string' && idNames.has(name)) {
    const hex = Buffer.from(value, 'base64').toString('hex');
    return value.length % 3 === 0 ? hex : hex.toUpperCase();
  }
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  return mapObject(value, toOtlpJson);
}

/** The reverse: ids as base64, and doubles as numbers. */
function fromOtlpJson(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((element) => fromOtlpJson(element, name));
  if (typeof value === 'string' && idNames.has(name)) {
    return Buffer.from(value, 'hex').toString('base64');
  }
  if (typeof value === 'string' && doubleNames.has(name)) return Number(value);
  return mapObject(value, fromOtlpJson);
}

const doubleNames = new Set([
  'doubleValue',
  'asDouble',
  'sum',
  'min',
  'max',
  'explicitBounds',
  'zeroThreshold',
  'quantile',
  'value',
]);

function mapObject(value: unknown, map: (value: unknown, name: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, map(inner, key)]));
}
