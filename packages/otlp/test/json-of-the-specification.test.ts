import { decode, jsonToProtobuf, OtlpError, protobufToJson, type Signal } from '@spillway/otlp';
import { describe, expect, it } from 'vitest';
import { logsExample, metricsExample, traceExample } from './examples.ts';
import { decodeOfficial } from './official.ts';

const tenant = 't';
const bytesOf = (signal: Signal, text: string) => jsonToProtobuf(signal, Buffer.from(text));
const decodeJson = (signal: Signal, json: unknown) =>
  decode(signal, bytesOf(signal, JSON.stringify(json)), { tenant });

describe('the examples', () => {
  it('reads the trace', () => {
    const { records } = decodeJson('traces', traceExample);
    expect(records).toMatchObject([
      {
        resource: { service: 'my.service' },
        scope: { name: 'my.library', version: '1.0.0' },
        traceId: '5b8efff798038103d269b633813fc60c',
        spanId: 'eee19b7ec3c1b174',
        parentSpanId: 'eee19b7ec3c1b173',
        name: "I'm a server span",
        kind: 2,
        startTimeUnixNano: 1_544_712_660_000_000_000n,
        endTimeUnixNano: 1_544_712_661_000_000_000n,
        attributes: [{ key: 'my.span.attr', value: { stringValue: 'some value' } }],
      },
    ]);
  });

  it('reads the metrics', () => {
    const { records, broken } = decodeJson('metrics', metricsExample);
    expect(broken).toEqual([]);
    expect(records).toMatchObject([
      { metric: { type: 'sum', monotonic: true, temporality: 1 }, value: { double: 5 } },
      { metric: { type: 'gauge' }, value: { double: 10 } },
      { metric: { type: 'histogram' }, bucketCounts: [1n, 1n], explicitBounds: [1], min: 0 },
      { count: 3n, scale: 0, positive: { offset: 1, bucketCounts: [0n, 2n] }, negative: undefined },
    ]);
  });

  it('reads the logs', () => {
    const { records } = decodeJson('logs', logsExample);
    const sent = logsExample.resourceLogs[0]?.scopeLogs[0]?.logRecords[0];
    expect(records).toMatchObject([
      {
        severityNumber: 10,
        severityText: 'Information',
        body: { stringValue: 'Example log record' },
        attributes: sent?.attributes,
        spanId: 'eee19b7ec3c1b174',
      },
    ]);
  });

  it('writes them as they were, with ids in lower case', () => {
    const examples = [
      ['traces', traceExample],
      ['metrics', metricsExample],
      ['logs', logsExample],
    ] as const;
    for (const [signal, example] of examples) {
      const json = protobufToJson(signal, bytesOf(signal, JSON.stringify(example)));
      const lower = (text: string) => text.replace(/"[0-9A-F]{16,32}"/g, (id) => id.toLowerCase());
      const explicit = JSON.parse(lower(JSON.stringify(example)), (key, value) => {
        // Defaults are not on the wire.
        return value === 0 && (key === 'scale' || key === 'zeroThreshold') ? undefined : value;
      });
      expect(JSON.parse(json)).toEqual(explicit);
    }
  });
});

describe('integers', () => {
  const intValue = (text: string) => {
    const log = `{"body":{"intValue":${text}}}`;
    const bytes = bytesOf('logs', `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${log}]}]}]}`);
    const [record] = decode('logs', bytes, { tenant }).records;
    return record?.signal === 'logs' ? record.body?.intValue : undefined;
  };

  it.each([
    ['9007199254740993', '9007199254740993'],
    ['"9007199254740993"', '9007199254740993'],
    ['9223372036854775807', '9223372036854775807'],
    ['-9223372036854775808', '-9223372036854775808'],
    ['"-9223372036854775808"', '-9223372036854775808'],
    ['9.007199254740993e15', '9007199254740993'],
    ['1e3', '1000'],
    ['10.0', '10'],
    ['-0', '0'],
  ])('reads %s exactly', (text, value) => expect(intValue(text)).toBe(value));

  it.each([
    '9223372036854775808',
    '1.5',
    '"0x10"',
    '""',
    '" 1"',
    '01',
    '+1',
    'true',
    '1e400',
    '{}',
    '--1',
    '"١"',
  ])('refuses %s', (text) => {
    expect(() => intValue(text)).toThrow(OtlpError);
  });
});

describe('forms', () => {
  const logOf = (fields: string) => {
    const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${fields}]}]}]}`;
    const request = decodeOfficial('logs', bytesOf('logs', text));
    // biome-ignore lint/suspicious/noExplicitAny: plain reflection.
    return (request as any).resourceLogs[0].scopeLogs[0].logRecords;
  };

  it('takes ids in either case and bytes in either alphabet of base64', () => {
    expect(logOf('{"traceId":"aBCd"}')[0].traceId).toBe(
      Buffer.from('abcd', 'hex').toString('base64'),
    );
    expect(logOf('{"body":{"bytesValue":"-_8="}}')[0].body.bytesValue).toBe('+/8=');
    expect(logOf('{"body":{"bytesValue":"+/8"}}')[0].body.bytesValue).toBe('+/8=');
  });

  it('takes doubles as numbers, as text and as words', () => {
    const value = (text: string) => logOf(`{"body":{"doubleValue":${text}}}`)[0].body.doubleValue;
    expect(value('1.5e3')).toBe(1500);
    expect(value('"1.5"')).toBe(1.5);
    expect(value('-0')).toBe(-0);
    expect(value('"NaN"')).toBeNaN();
    expect(value('"-Infinity"')).toBe(-Infinity);
  });

  it('takes null for absent, and keeps a member of a oneof that holds its default', () => {
    expect(logOf('{"body":null,"attributes":null,"severityText":null}')).toEqual([{}]);
    expect(logOf('{"body":{"stringValue":null,"intValue":0}}')[0].body).toEqual({ intValue: '0' });
    expect(logOf('{"body":{"stringValue":""}}')[0].body).toEqual({ stringValue: '' });
    expect(logOf('{"body":{"boolValue":false}}')[0].body).toEqual({ boolValue: false });
  });

  it('ignores names it does not know, whatever they hold', () => {
    const unknown = '"x":{"__proto__":[1,{"a":"\\u0041"},null,true]},"__proto__":{"y":1}';
    expect(logOf(`{${unknown},"severityText":"a","severity_text":"b"}`)).toEqual([
      { severityText: 'a' },
    ]);
    expect(({} as Record<string, unknown>).y).toBeUndefined();
  });

  it('reads escapes in text and in names', () => {
    expect(logOf('{"severity\\u0054ext":"\\u00e9\\ud83d\\ude00\\n\\/"}')).toEqual([
      { severityText: 'é😀\n/' },
    ]);
  });
});

describe('what is malformed', () => {
  it.each([
    ['', 'wanted an object, got the end at offset 0'],
    ['[]', "wanted an object, got '[' at offset 0"],
    ['{} x', "wanted the end, got 'x' at offset 3"],
    ['{"resourceLogs":[{"scopeLogs":{}}]}', "resourceLogs[0].scopeLogs: wanted an array, got '{'"],
    [
      '{"resourceLogs":[{},{"scopeLogs":[{"logRecords":[{},{"severityNumber":"INFO"}]}]}]}',
      'resourceLogs[1].scopeLogs[0].logRecords[1].severityNumber: wanted an integer',
    ],
    [
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"xy"}]}]}]}',
      'resourceLogs[0].scopeLogs[0].logRecords[0].traceId: "xy" is not hex',
    ],
    [
      '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":"a"}}]}]}]}',
      'logRecords[0].body.bytesValue: "a" is not base64',
    ],
    ['{"resourceLogs":[null]}', "resourceLogs[0]: wanted an object, got 'n'"],
    ['{"resourceLogs":[{"schemaUrl":"\u0001"}]}', 'schemaUrl: control character in a string'],
    ['{"resourceLogs":[{"schemaUrl":"\\x"}]}', 'schemaUrl: wrong escape in a string'],
    ['{"resourceLogs":[{"schemaUrl":"a', 'schemaUrl: string ends early'],
    ['{"resourceLogs":[],}', "wanted a name, got '}'"],
    ['{"x":[1,]}', "wanted a value, got ']'"],
    ['{"x":nul}', "wanted a value, got 'n'"],
    ['{"x" 1}', "wanted ':', got '1'"],
    [`{"x":${'['.repeat(600)}`, 'nested deeper than 512'],
  ])('%j is refused with its place', (text, message) => {
    expect(() => bytesOf('logs', text)).toThrow(OtlpError);
    expect(() => bytesOf('logs', text)).toThrow(message);
  });
});
