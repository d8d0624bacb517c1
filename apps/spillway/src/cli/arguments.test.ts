import { describe, expect, it } from 'vitest';
import { splitArguments } from './arguments.ts';

describe('splitArguments', () => {
  it('takes configuration keys out, wherever they stand', () => {
    const words = ['up', '--gateway.httpPort', '0', '--demo', '--console.host=::1', '--log.a.b'];
    expect(splitArguments(words)).toEqual({
      flags: { 'gateway.httpPort': '0', 'console.host': '::1', 'log.a.b': true },
      rest: ['up', '--demo'],
    });
  });

  it('takes a negative number and an empty value as values', () => {
    expect(splitArguments(['--a.b', '-1', '--c.d=']).flags).toEqual({ 'a.b': '-1', 'c.d': '' });
  });
});
