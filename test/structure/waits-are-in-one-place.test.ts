import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** `packages/resilience/src/wait` has the waits, time-outs and back-offs of all other code. */
const root = join(import.meta.dirname, '..', '..');
const home = 'packages/resilience/src/wait/';
const production = globSync(['packages/*/src/**/*.ts', 'apps/*/{src,web/src}/**/*.{ts,tsx}'], {
  cwd: root,
}).filter((path) => !path.startsWith(home) && !/\.test\.ts|\/test-tools/.test(path));

const rules: readonly { what: string; found: (source: string) => boolean }[] = [
  {
    what: 'a timer as a promise: `sleep`',
    found: (source) =>
      /import \{[^}]*\bsetTimeout\b[^}]*\} from 'node:timers\/promises'/.test(source),
  },
  {
    what: 'a promise made of a timer: `sleep`, `waitAtMost` or `AutoResetEvent`',
    found: (source) => newPromises(source).some((made) => made.includes('setTimeout(')),
  },
  {
    what: 'a timer that settles or aborts: `withTimeout`, `unlessAborted` or `abortAfter`',
    found: (source) => /setTimeout\(\s*(\(\) =>\s*)?[\w.#]*(resolve|reject|abort)\b/.test(source),
  },
  {
    what: 'a race: `withTimeout`, `waitAtMost` or `unlessAborted`',
    found: (source) => source.includes('Promise.race('),
  },
  {
    what: 'a back-off: `Backoff` or `fullJitterMs`, which has jitter',
    found: (source) => /Ms \* 2 \*\* /.test(source),
  },
];

/** Races between two things that happen; neither is a time. */
const exceptions = new Map([
  ['packages/broker-rabbitmq/src/server/client.ts', 'the end of a connection ends what sets it up'],
  [
    'packages/broker-rabbitmq/src/server/inspect.ts',
    'the server answers on the channel, or closes it',
  ],
  ['packages/metrics/src/metrics-registry.ts', 'resilience declares its metrics by it'],
]);

/** What stands in the parentheses of each `new Promise(…)`. */
function newPromises(source: string): string[] {
  return [...source.matchAll(/new Promise(<[^(]*>)?\(/g)].map(({ index, 0: { length } }) => {
    let depth = 1;
    let end = index + length;
    for (; depth > 0 && end < source.length; end++) {
      if (source[end] === '(') depth += 1;
      if (source[end] === ')') depth -= 1;
    }
    return source.slice(index, end);
  });
}

function violations(source: string): string[] {
  return rules.filter(({ found }) => found(source)).map(({ what }) => what);
}

test('production code waits, times out and backs off by packages/resilience only', () => {
  expect(production.length).toBeGreaterThan(500);
  const found = production.flatMap((path) => {
    const wrong = violations(readFileSync(join(root, path), 'utf8'));
    return exceptions.has(path) ? [] : wrong.map((what) => `${path}: ${what}`);
  });
  expect(found).toEqual([]);
});

test.each([...exceptions])('%s is still an exception: %s', (path) => {
  expect(violations(readFileSync(join(root, path), 'utf8'))).not.toEqual([]);
});

test.each([
  "import { setImmediate, setTimeout as after } from 'node:timers/promises';",
  'await new Promise((resolve) => setTimeout(resolve, 5));',
  'return new Promise<void>((done) => {\n  const timer = setTimeout(done, ms);\n});',
  'timer = setTimeout(() => stuck.reject(late), cancelMs);',
  'setTimeout(() => deadline.abort(), ms);',
  'await Promise.race([work, late]);',
  'const waitMs = random() * Math.min(mostMs, firstMs * 2 ** failures);',
])('the rules find %s', (source) => {
  expect(violations(source)).not.toEqual([]);
});

test.each([
  "import { setImmediate } from 'node:timers/promises';",
  'const timer = setTimeout(() => socket.destroy(), closeTimeoutMs);',
  'const most = 2 ** 31 - 1;\nsetTimeout(run, lingerMs);\nnew Promise((resolve) => server.close(resolve));',
])('the rules leave %s', (source) => {
  expect(violations(source)).toEqual([]);
});
