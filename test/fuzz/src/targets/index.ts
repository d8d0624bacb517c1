import type { Target } from '../target.ts';

/** Loaded when it is tried: a target's process has only the code that the target needs. */
const targets: Readonly<Record<string, () => Promise<Target>>> = {
  'otlp-protobuf': async () => (await import('./otlp-protobuf.ts')).otlpProtobuf,
  'otlp-json': async () => (await import('./otlp-json.ts')).otlpJson,
  inflate: async () => (await import('./inflate.ts')).inflate,
  config: async () => (await import('./config.ts')).config,
  keys: async () => (await import('./keys.ts')).keys,
  journal: async () => (await import('./journal.ts')).journal(),
  spill: async () => (await import('./spill.ts')).spill(),
  topic: async () => (await import('./topic.ts')).topic,
  stores: async () => (await import('./stores.ts')).stores(),
  notes: async () => (await import('./notes.ts')).notes(),
};

export const targetNames: readonly string[] = Object.keys(targets);

export async function loadTarget(name: string): Promise<Target> {
  const load = targets[name];
  if (load === undefined) throw new Error(`there is no target ${name}`);
  return load();
}
