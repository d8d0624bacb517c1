import { globSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { needsServers } from './test/structure/src/needs-servers.ts';

/** `npm run test:fast`: every test that starts no server, no browser and no process. */
const files = globSync('{apps,packages,infra,test}/**/*.test.ts', {
  exclude: (name) => name.endsWith('node_modules'),
});

export default defineConfig({
  test: {
    include: files.filter((file) => !needsServers(file)),
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
  },
});
