import { expect, test } from 'vitest';
import { Writer } from './writer.ts';

test('a message closed at the very end of the buffer keeps its bytes', () => {
  for (let before = 0; before < 64; before++) {
    for (const length of [0, 1, 2, 7, 8, 9, 126, 127, 128, 129, 300]) {
      const writer = new Writer(16);
      writer.raw(new Uint8Array(before).fill(1));
      const mark = writer.open(1);
      const content = new Uint8Array(length).fill(7);
      writer.raw(content);
      writer.close(mark);
      const prefix = length < 128 ? [length] : [(length & 0x7f) | 0x80, length >>> 7];
      const wanted = [...new Uint8Array(before).fill(1), 0x0a, ...prefix, ...content];
      expect([...writer.finish()], `${length} bytes behind ${before}`).toEqual(wanted);
    }
  }
});
