import { countRecords, decode, encodeRequest, type Signal, signals } from '@spillway/otlp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestArbitrary } from './arbitrary.ts';
import { expectedRecords, withoutHashes } from './expected.ts';
import { looseEncode } from './loose-encode.ts';
import { encodeOfficial, requestType } from './official.ts';

const numRuns = 250;

describe.each(signals)('%s', (signal) => {
  const requests = requestArbitrary(signal);

  it('gives the records that an independent library reads', () => {
    fc.assert(
      fc.property(requests, (request) => compare(signal, encodeOfficial(signal, request))),
      { numRuns },
    );
  });

  it('reads every form that protobuf allows', () => {
    fc.assert(
      fc.property(requests, fc.nat(), (request, seed) => {
        compare(signal, looseEncode(requestType[signal], request, seed));
      }),
      { numRuns },
    );
  });

  it('gives equal records after encoding them', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { records } = decode(signal, encodeOfficial(signal, request), { tenant: 't' });
        const again = decode(signal, encodeRequest(signal, records), { tenant: 't' });
        expect(byContent(again.records)).toEqual(byContent(records));
        compare(signal, encodeRequest(signal, records));
      }),
      { numRuns: 100 },
    );
  });
});

function compare(signal: Signal, bytes: Uint8Array): void {
  const expected = expectedRecords(signal, bytes);
  const { records, broken } = decode(signal, bytes, { tenant: 't' });
  expect(broken).toEqual([]);
  expect(records.map(withoutHashes)).toEqual(expected);
  expect(countRecords(signal, bytes)).toBe(expected.length);
}

/** Grouping by resource and scope may change the order: equal groups that lay apart become one. */
function byContent(records: unknown[]): string[] {
  return records
    .map((record) => {
      const { index: _index, ...rest } = withoutHashes(record) as { index: number };
      return JSON.stringify(rest, (_key, value) => {
        if (typeof value === 'bigint') return `${value}n`;
        return Object.is(value, -0) || Number.isNaN(value) ? String(value) : value;
      });
    })
    .sort();
}
