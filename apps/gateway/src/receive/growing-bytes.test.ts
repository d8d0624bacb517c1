import { describe, expect, it } from 'vitest';
import { Refusal } from '../model/refusal.ts';
import { GrowingBytes } from './growing-bytes.ts';

function growing({
  expected,
  bytesMax = Number.POSITIVE_INFINITY,
}: {
  expected?: number;
  bytesMax?: number;
} = {}) {
  const memory = { bytes: 0, most: 0 };
  const body = new GrowingBytes({
    expected,
    bytesMax: 2_000_000,
    grow: (bytes) => {
      if (memory.bytes + bytes > bytesMax) return new Refusal('bulkhead-full', 'no memory');
      memory.bytes += bytes;
      memory.most = Math.max(memory.most, memory.bytes);
      return undefined;
    },
    shrink: (bytes) => {
      memory.bytes -= bytes;
    },
  });
  return { body, memory };
}

describe('GrowingBytes', () => {
  it('holds what came, however it was cut, and counts the memory that it holds', () => {
    const whole = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 251));
    for (const size of [1, 7, 4096, 30_000, 50_000]) {
      for (const expected of [undefined, 50_000, 10, 1_000_000]) {
        const { body, memory } = growing({ ...(expected !== undefined && { expected }) });
        for (let at = 0; at < whole.length; at += size) {
          expect(body.push(Buffer.from(whole.subarray(at, at + size)))).toBeUndefined();
        }
        expect(Buffer.from(body.bytes()).equals(whole)).toBe(true);
        expect(memory.bytes).toBe(body.heldBytes);
        expect(memory.most).toBeLessThanOrEqual(3 * whole.length + 4096);
      }
    }
  });

  it('does not take what was announced before a quarter of it has come', () => {
    const { body, memory } = growing({ expected: 1_000_000 });
    body.push(Buffer.alloc(1000));
    body.push(Buffer.alloc(1000));
    expect(memory.most).toBeLessThan(10_000);
    body.push(Buffer.alloc(250_000));
    expect(body.heldBytes).toBe(1_000_000);
  });

  it('does not keep a large buffer for a small piece of it', () => {
    const { body } = growing();
    body.push(Buffer.alloc(65_536).subarray(0, 10));
    expect(body.bytes().buffer.byteLength).toBe(4096);
  });

  it('says when it came in crumbs, and not when its pieces are of a usual size', () => {
    const crumbs = growing().body;
    for (let i = 0; i < 1000; i++) crumbs.push(Buffer.alloc(1));
    expect(crumbs.isCrumbled).toBe(false);
    crumbs.push(Buffer.alloc(1));
    expect(crumbs.isCrumbled).toBe(true);
    const usual = growing().body;
    for (let i = 0; i < 5000; i++) usual.push(Buffer.alloc(100));
    expect(usual.isCrumbled).toBe(false);
  });

  it('is as it was when there is no more memory', () => {
    const { body, memory } = growing({ bytesMax: 10_000 });
    body.push(Buffer.alloc(3000, 1));
    expect(body.push(Buffer.alloc(3000, 2))).toBeInstanceOf(Refusal);
    expect([body.length, memory.bytes]).toEqual([3000, 3000]);
    expect(Buffer.from(body.bytes()).equals(Buffer.alloc(3000, 1))).toBe(true);
  });
});
