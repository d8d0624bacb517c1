import { describe, expect, it } from 'vitest';
import { type Component, Stack } from './component.ts';

function recorder(name: string, calls: string[], fail = false): Component {
  return {
    name,
    async start() {
      calls.push(`start ${name}`);
      if (fail) throw new Error('no');
    },
    async stop() {
      calls.push(`stop ${name}`);
    },
    health: () => ({ ok: true, detail: 'fine' }),
  };
}

describe('Stack', () => {
  it('stops in reverse order, once', async () => {
    const calls: string[] = [];
    const stack = new Stack([recorder('a', calls), recorder('b', calls)]);
    await stack.start();
    await Promise.all([stack.stop(), stack.stop()]);
    expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what was started when one fails', async () => {
    const calls: string[] = [];
    const stack = new Stack([
      recorder('a', calls),
      recorder('b', calls, true),
      recorder('c', calls),
    ]);
    await expect(stack.start()).rejects.toThrow('no');
    expect(calls).toEqual(['start a', 'start b', 'stop b', 'stop a']);
    expect(stack.health().map((part) => part.ok)).toContain(false);
  });

  it('is safe to stop before start', async () => {
    await new Stack([]).stop();
  });
});
