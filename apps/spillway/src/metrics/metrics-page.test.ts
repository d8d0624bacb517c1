import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { metricsPage } from './metrics-page.ts';

// Node tells less of the process elsewhere.
test.runIf(process.platform === 'linux')(
  'docs/reference/metrics.md is what `npm run reference:metrics` prints',
  () => {
    const page = new URL('../../../../docs/reference/metrics.md', import.meta.url);
    expect(metricsPage()).toBe(readFileSync(page, 'utf8'));
  },
);
