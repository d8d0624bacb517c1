import { defineConfig } from 'vitest/config';

/** The same end-to-end tests again, on the engines that run in production. */
const onServers = ['kafka', 'rabbitmq'].map((stack) => ({
  extends: true as const,
  test: {
    name: `e2e on ${stack}`,
    include: ['test/e2e/**/*.test.ts'],
    // Needs what only a data folder has.
    exclude: ['test/e2e/filled-from-the-log.test.ts'],
    globalSetup: ['test/support/src/shared-servers.ts'],
    testTimeout: 180_000,
  },
}));

export default defineConfig({
  test: {
    pool: 'forks',
    // Most tests start processes of their own: more workers than cores only make them slower.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: 'test-results.json' }]]
      : ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'embedded',
          include: ['packages', 'apps', 'infra']
            .flatMap((folder) => [
              `${folder}/*/src/**/*.test.ts`,
              `${folder}/*/test/**/*.test.ts`,
              `${folder}/*/web/**/*.test.ts`,
            ])
            .concat('test/*/**/*.test.ts'),
        },
      },
      ...onServers,
    ],
  },
});
