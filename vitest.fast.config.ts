import { globSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { needsServers } from './test/structure/src/needs-servers.ts';

/** The tests beside the files, and those of the source itself. */
const files = globSync(['{apps,packages,infra}/*/src/**/*.test.ts', 'test/structure/*.test.ts']);

/** `npm run test:fast`: whatever of them starts no server, no browser and no process. */
export default defineConfig({
  test: {
    include: files.filter((file) => !needsServers(file)),
    pool: 'forks',
    // Files share what they import: half of the time went into loading it again.
    isolate: false,
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
