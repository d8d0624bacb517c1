import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['packages', 'apps']
      .flatMap((folder) => [
        `${folder}/*/src/**/*.test.ts`,
        `${folder}/*/test/**/*.test.ts`,
        `${folder}/*/web/**/*.test.ts`,
      ])
      .concat('test/*/**/*.test.ts'),
    pool: 'forks',
    // Most tests start processes of their own: more workers than cores only make them slower.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: process.env.CI
      ? ['default', ['json', { outputFile: 'test-results.json' }]]
      : ['default'],
  },
});
