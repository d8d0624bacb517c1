import {
  decode,
  largestValue,
  type Signal,
  type Split,
  scan,
  signals,
  split,
} from '@spillway/otlp';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bodyArbitrary } from './bodies.ts';
import { encodeOfficial } from './official.ts';
import { sampleTraces } from './sample.ts';

const tenant = 't';
const noLimit = Number.MAX_SAFE_INTEGER;

describe.each(signals)('%s', (signal) => {
  const bodies = bodyArbitrary(signal);

  it('gives each record to one part, in order, under its key', () => {
    fc.assert(
      fc.property(bodies, fc.integer({ min: 10, max: 2_000 }), (body, bytesMax) => {
        const found = split(signal, body, { bytesMax, totalBytesMax: noLimit }) as Split;
        for (const { bytes, ordinals } of found.parts) {
          expect(bytes.length + (ordinals?.join(',').length ?? 0)).toBeLessThanOrEqual(bytesMax);
        }
        for (const alone of found.oversize) {
          expect(decode(signal, alone, { tenant }).records.length).toBeLessThanOrEqual(1);
        }
        const whole = keysOf(signal, body);
        const inParts = found.parts.flatMap(({ bytes, ordinals }) =>
          keysOf(signal, bytes, ordinals),
        );
        const kept = new Set(inParts);
        expect(inParts).toEqual(whole.filter((key) => kept.has(key)));
        expect(inParts.length + found.oversize.length).toBe(scan(signal, body, oneSlot).records);
      }),
      { numRuns: 250 },
    );
  });

  it('cuts the same bytes in the same way', () => {
    fc.assert(
      fc.property(bodies, fc.integer({ min: 10, max: 500 }), (body, bytesMax) => {
        const limits = { bytesMax, totalBytesMax: noLimit };
        expect(split(signal, Buffer.from(body), limits)).toEqual(split(signal, body, limits));
      }),
      { numRuns: 50 },
    );
  });
});

it('finds the one record that is too large among many, and names what makes it so', () => {
  const request = sampleTraces(100) as ReturnType<typeof sampleTraces> & {
    resourceSpans: { scopeSpans: { spans: { attributes: object[] }[] }[] }[];
  };
  const huge = { key: 'http.body', value: { stringValue: 'x'.repeat(50_000) } };
  request.resourceSpans[1]?.scopeSpans[0]?.spans[7]?.attributes.push(huge);
  const body = encodeOfficial('traces', request);
  const limits = { bytesMax: 20_000, totalBytesMax: 4 * body.length };
  const { parts, oversize } = split('traces', body, limits) as Split;
  expect(parts.reduce((sum, { records }) => sum + records, 0)).toBe(99);
  expect(oversize).toHaveLength(1);
  expect(largestValue('traces', oversize[0] as Uint8Array)).toEqual({
    service: 'shop-1',
    name: 'attribute "http.body"',
    bytes: 50_009,
  });
});

it('gives up where a resource would be repeated without end', () => {
  const spans = Array.from({ length: 5_000 }, (_, i) => ({ name: `span ${i}` }));
  const attributes = [{ key: 'environment', value: { stringValue: 'x'.repeat(90_000) } }];
  const body = encodeOfficial('traces', {
    resourceSpans: [{ resource: { attributes }, scopeSpans: [{ spans }] }],
  });
  for (const bytesMax of [80_000, 91_000]) {
    expect(split('traces', body, { bytesMax, totalBytesMax: 4 * body.length })).toBeUndefined();
  }
});

const oneSlot = new Uint16Array(65_536);

/** Of all records, the broken ones too, in the order of their index. */
function keysOf(signal: Signal, message: Uint8Array, ordinals?: readonly number[]): string[] {
  const { records, broken } = decode(signal, message, { tenant, ordinals });
  return [...records, ...broken].sort((a, b) => a.index - b.index).map(({ key }) => key);
}
