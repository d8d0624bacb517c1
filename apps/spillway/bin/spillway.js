#!/usr/bin/env -S node --max-semi-space-size=1
// The flag keeps each thread's young generation small: 70 MiB less at rest, no more CPU under load.
//
// Plain JavaScript that any Node can read, so that an older one gets a sentence, not a stack trace.
import module from 'node:module';

const needed = 24;
const found = Number(process.versions.node.split('.')[0]);
if (found < needed) {
  process.stderr.write(
    `spillway: Node ${needed} is needed, this is ${process.versions.node} (${process.execPath}).\n` +
      'Run `npm ci` in the project: it brings Node 24 along, and `npm start` and `npx spillway` use it.\n' +
      'If install scripts are switched off, allow the one of the package `node`: `npm rebuild node`.\n',
  );
  process.exit(1);
}
// Threads for files, and one for each query of the embedded search store that runs: with the usual
// four, long queries would let the fsync of an acknowledgement wait.
process.env.UV_THREADPOOL_SIZE ??= '8';
module.enableCompileCache();
await import('../src/main.ts');
