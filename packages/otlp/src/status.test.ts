import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { decodeResponse } from '../test/official.ts';
import { encodeExportResponse, encodeStatus } from './index.ts';

const json = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());

describe('export responses', () => {
  it('say full success with nothing', () => {
    expect(encodeExportResponse('traces', undefined, 'protobuf')).toHaveLength(0);
    expect(json(encodeExportResponse('traces', undefined, 'json'))).toEqual({});
  });

  it.each([
    ['traces', 'rejectedSpans'],
    ['metrics', 'rejectedDataPoints'],
    ['logs', 'rejectedLogRecords'],
  ] as const)('say how much of %s was rejected, and why', (signal, name) => {
    const partial = { rejected: 300, message: 'span 3 is too large: é' };
    const expected = { partialSuccess: { [name]: '300', errorMessage: partial.message } };
    expect(decodeResponse(signal, encodeExportResponse(signal, partial, 'protobuf'))).toEqual(
      expected,
    );
    expect(json(encodeExportResponse(signal, partial, 'json'))).toEqual(expected);
  });

  it('warn with a message and no rejected record', () => {
    const partial = { rejected: 0, message: 'careful' };
    const expected = { partialSuccess: { errorMessage: 'careful' } };
    expect(decodeResponse('logs', encodeExportResponse('logs', partial, 'protobuf'))).toEqual(
      expected,
    );
    expect(json(encodeExportResponse('logs', partial, 'json'))).toEqual(expected);
  });
});

describe('google.rpc.Status', () => {
  const { root } = protobuf.parse(`
    syntax = "proto3"; package google.rpc;
    message Any { string type_url = 1; bytes value = 2; }
    message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
    message BadRequest {
      message FieldViolation { string field = 1; string description = 2; }
      repeated FieldViolation field_violations = 1;
    }
    message RetryInfo { Duration retry_delay = 1; }
    message Duration { int64 seconds = 1; int32 nanos = 2; }`);
  const status = {
    code: 8,
    message: 'over quota',
    badRequest: [{ field: 'resource_spans[2]', description: 'length 9 exceeds …' }],
    retryDelayMs: 90_250.2,
  };

  it('carries its details packed in protobuf', () => {
    const decoded = root.lookupType('Status').decode(encodeStatus(status, 'protobuf'));
    const { details, ...rest } = decoded.toJSON();
    expect(rest).toEqual({ code: 8, message: 'over quota' });
    const unpacked = details.map(({ typeUrl, value }: { typeUrl: string; value: string }) => {
      const [, name] = typeUrl.split('/');
      return [
        typeUrl,
        root
          .lookupType(name as string)
          .decode(Buffer.from(value, 'base64'))
          .toJSON(),
      ];
    });
    expect(unpacked).toEqual([
      ['type.googleapis.com/google.rpc.BadRequest', { fieldViolations: status.badRequest }],
      [
        'type.googleapis.com/google.rpc.RetryInfo',
        { retryDelay: { seconds: '90', nanos: 251_000_000 } },
      ],
    ]);
  });

  it('carries its details with @type in JSON', () => {
    expect(json(encodeStatus(status, 'json'))).toEqual({
      code: 8,
      message: 'over quota',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: status.badRequest,
        },
        { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '90.251s' },
      ],
    });
    const plain = { code: 3, message: 'no' };
    expect(json(encodeStatus(plain, 'json'))).toEqual(plain);
    expect(json(encodeStatus({ ...plain, retryDelayMs: 2000 }, 'json')).details[0].retryDelay).toBe(
      '2s',
    );
  });
});
