import type { Demo, DemoOptions } from './demo.ts';

export type { Demo, DemoOptions } from './demo.ts';

/** See `runDemo`. The SDK is loaded only now: no other command pays for it. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { runDemo } = await import('./demo.ts');
  return runDemo(options);
}
