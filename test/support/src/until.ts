import { sleep } from '@spillway/resilience';

/** A little less than the time of a test, so that it is said what did not come. */
const patienceMs = 50_000;
const lookMs = 10;

/**
 * Resolves once `holds` does, at which it looks every 10 ms; rejects after 50 s with an error that names
 * `what` was waited for.
 */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what = 'what the test waits for',
): Promise<void> {
  const endMs = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${patienceMs} ms: ${what}`);
    await sleep(lookMs);
  }
}
