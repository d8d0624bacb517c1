/** A new OTLP signal, and a record of a new kind, do not compile until each place has decided. */
import { execFile } from 'node:child_process';
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = new URL('../../', import.meta.url).pathname;
const tree = await mkdtemp(join(tmpdir(), 'new-signal-'));

/** Each says something about every signal: where it comes in, how it is read, where it is kept. */
const decides = [
  'packages/otlp/src/signal.ts', // Its path and its gRPC service.
  'packages/otlp/src/layout.ts', // Names of its fields, and where its records lie.
  'packages/otlp/src/messages.ts', // Its protobuf messages.
  'packages/otlp/src/slice/scan.ts', // What keeps its records in order.
  'packages/otlp/src/decode/request-reader.ts',
  'packages/otlp/src/encode/encode.ts',
  'packages/otlp/src/slice/largest-value.ts',
  'packages/otlp/src/status.ts', // The name of its count of rejected records.
  'packages/broker/src/envelope.ts', // Its topic.
  'packages/store/src/live/live-signals.ts', // Roll-ups and tail.
  'packages/store/src/place-in-time.ts',
  'packages/store/src/live/tail.ts',
  'packages/store-postgres/src/write/tables.ts',
  'packages/store-postgres/src/write/days.ts',
  'packages/store-elasticsearch/src/admin/mappings.ts',
  'packages/store-elasticsearch/src/write/document.ts',
  'packages/store-duckdb/src/schema.ts',
  'packages/store-duckdb/src/write/batch-rows.ts',
];

afterAll(() => rm(tree, { recursive: true }));

test('every place that must decide about a new signal says so', async () => {
  await copySources();
  await edit('packages/otlp/src/signal.ts', [
    [
      "['traces', 'metrics', 'logs'] as const",
      "['traces', 'metrics', 'logs', 'profiles'] as const",
    ],
  ]);
  await edit('packages/otlp/src/records.ts', [
    ['SpanRecord | LogRecord | MetricPoint;', 'SpanRecord | LogRecord | MetricPoint | Profile;'],
    [
      'interface RecordBase {',
      "interface Profile extends RecordBase { signal: 'profiles' }\ninterface RecordBase {",
    ],
  ]);
  const wrong = new Set(await filesThatDoNotCompile());
  expect(decides.filter((file) => !wrong.has(file))).toEqual([]);
  // What has nothing to decide compiles, so that the rest fails for the right reason.
  expect(
    [...wrong].filter((file) => /^packages\/(journal|resilience|runtime)\//.test(file)),
  ).toEqual([]);
}, 300_000);

async function copySources(): Promise<void> {
  const skipped = /node_modules|\/dist(\/|$)|\.turbo/;
  for (const folder of ['packages', 'apps']) {
    const filter = (path: string) => !skipped.test(path.slice(root.length));
    await cp(join(root, folder), join(tree, folder), { recursive: true, filter });
  }
  const config = JSON.parse(await readFile(join(root, 'tsconfig.json'), 'utf8'));
  const include = ['packages/*/src/**/*.ts', 'apps/*/src/**/*.ts'];
  const exclude = [...config.exclude, '**/*.test.ts'];
  await writeFile(join(tree, 'tsconfig.json'), JSON.stringify({ ...config, include, exclude }));
  await linkModules();
}

/** The libraries as they are; our own packages those of the copy. */
async function linkModules(): Promise<void> {
  const [from, to] = [join(root, 'node_modules'), join(tree, 'node_modules')];
  await mkdir(join(to, '@spillway'), { recursive: true });
  for (const name of await readdir(from)) {
    if (name !== '@spillway') await symlink(join(from, name), join(to, name));
  }
  for (const name of await readdir(join(from, '@spillway'))) {
    await symlink(await readlink(join(from, '@spillway', name)), join(to, '@spillway', name));
  }
}

async function edit(file: string, replacements: [string, string][]): Promise<void> {
  let text = await readFile(join(tree, file), 'utf8');
  for (const [from, to] of replacements) {
    expect(text).toContain(from);
    text = text.replace(from, to);
  }
  await writeFile(join(tree, file), text);
}

async function filesThatDoNotCompile(): Promise<string[]> {
  const output = await new Promise<string>((resolve) => {
    execFile(join(root, 'node_modules/.bin/tsc'), ['-p', tree], { maxBuffer: 2 ** 26 }, (_, text) =>
      resolve(text),
    );
  });
  return [...output.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map(([, file]) =>
    String(file).slice(String(file).search(/(packages|apps)\//)),
  );
}
