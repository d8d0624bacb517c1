import { expect, test } from 'vitest';
import { DatabaseError } from './errors.ts';

test.each([
  ['XX001', 'invalid page in block 3 of relation "base/5/16397"', true],
  ['XX002', 'index "message_pkey" contains unexpected zero page at block 0', true],
  ['XX000', 'xlog flush request 0/5000 is not satisfied --- flushed only to 0/4000', true],
  ['58P01', 'could not open file "base/5/16397": No such file or directory', true],
  ['58P01', 'could not access status of transaction 4242', true],
  ['XX000', 'cache lookup failed for relation 12', false],
  // A client's text may say anything.
  ['22P02', 'invalid input syntax for type json: "invalid page in block 1"', false],
  ['53100', 'could not extend file "base/5/16397": No space left on device', false],
])('%s: %s: files are damaged: %s', (code, message, damaged) => {
  expect(new DatabaseError(message, code).blamesFiles).toBe(damaged);
});
