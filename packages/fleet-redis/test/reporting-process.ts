/** Holds the broker down until it is killed. */
import { redisSection } from '@spillway/redis';
import { createFailureReports } from '../src/index.ts';

const [url, name, windowMs] = process.argv.slice(2) as [string, string, string];
const config = redisSection.parse({ url });
const reports = createFailureReports({
  ...config,
  name,
  windowMs: Number(windowMs),
  reportersMin: 2,
});
await reports.start();
reports.report('broker', 'down', 'killed by the test');
process.stdout.write('started\n');
