/** Imported before anything else (`--import`): instruments the sources of Spillway as they load. */
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { counters } from './counters.ts';
import { instrument } from './instrument.ts';

const ours = /\/(packages|apps)\/[^/]+\/src\//;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (loaded.format !== 'module-typescript' || !ours.test(url) || !loaded.source) return loaded;
    const typed = Buffer.from(loaded.source as Uint8Array).toString('utf8');
    const { code, counters: added } = instrument(stripTypeScriptTypes(typed), counters.used);
    counters.used += added;
    const source = `const __seen = globalThis[Symbol.for('spillway.fuzz')].seen;${code}`;
    return { ...loaded, format: 'module', source };
  },
});
