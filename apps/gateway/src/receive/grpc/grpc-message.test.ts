import { describe, expect, it } from 'vitest';
import { frame, percentEncode, timeoutMsOf, UnaryReader } from './grpc-message.ts';

describe('UnaryReader', () => {
  it('finds the same message however the stream is cut', () => {
    const sent = frame(Buffer.from('twelve bytes'));
    for (let size = 1; size <= sent.length; size++) {
      const reader = new UnaryReader();
      const found: Uint8Array[] = [];
      for (let at = 0; at < sent.length; at += size) {
        expect(reader.complete).toBe(false);
        found.push(reader.push(sent.subarray(at, at + size)) as Uint8Array);
      }
      expect(reader.prefix).toEqual({ compressed: false, bytes: 12 });
      expect([reader.complete, Buffer.concat(found).toString()]).toEqual([true, 'twelve bytes']);
    }
  });

  it('knows the length before the message comes, up to 4 GiB', () => {
    const reader = new UnaryReader();
    reader.push(Buffer.from([1, 0xff, 0xff, 0xff, 0xff]));
    expect(reader.prefix).toEqual({ compressed: true, bytes: 2 ** 32 - 1 });
    expect(reader.complete).toBe(false);
  });

  it('says when there is more than one message', () => {
    const reader = new UnaryReader();
    expect(reader.push(frame(Buffer.from('a')))).toEqual(Buffer.from('a'));
    expect(reader.push(Buffer.from([0]))).toBeUndefined();
  });
});

describe('timeoutMsOf', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['10S', 10_000],
    ['99999999m', 99_999_999],
    ['1500u', 1.5],
    ['500000n', 0.5],
    ['', undefined],
    ['123456789m', undefined],
    ['-1S', undefined],
    ['1s', undefined],
    [undefined, undefined],
  ])('reads %s', (header, ms) => {
    const read = timeoutMsOf(header);
    if (ms === undefined) expect(read).toBeUndefined();
    else expect(read).toBeCloseTo(ms, 6);
  });
});

describe('percentEncode', () => {
  it.each([
    ['plain text, ~100 $', 'plain text, ~100 $'],
    ['50 %', '50 %25'],
    ['a\nb', 'a%0Ab'],
    ['größer', 'gr%C3%B6%C3%9Fer'],
  ])('writes %j', (text, encoded) => {
    expect(percentEncode(text)).toBe(encoded);
    expect(decodeURIComponent(encoded)).toBe(text);
  });
});
