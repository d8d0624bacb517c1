import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { pathOf, textOf } from './src/repository.ts';
import { configOf, configOfText } from './src/spillway-config.ts';

const folder = 'infra/examples';
const kinds: Readonly<Record<string, readonly string[]>> = {
  'embedded.yaml': ['embedded', 'embedded', 'embedded', 'embedded'],
  'kafka.yaml': ['kafka', 'postgres', 'elasticsearch', 'redis'],
  'kubernetes.yaml': ['kafka', 'postgres', 'elasticsearch', 'redis'],
  'rabbitmq.yaml': ['rabbitmq', 'postgres', 'elasticsearch', 'redis'],
};

it('there are the examples that the documents speak of', () => {
  expect(readdirSync(pathOf(folder)).sort()).toEqual(Object.keys(kinds));
});

describe.each(Object.entries(kinds))('%s', (name, wanted) => {
  const file = `${folder}/${name}`;

  it('has only keys and values that Spillway takes', () => {
    const { broker, store } = configOf(file);
    const found = [broker.kind, store.write.kind, store.search.kind, store.live.kind];
    expect(found).toEqual(wanted);
  });

  it('has only keys and values that Spillway takes in what it comments out', () => {
    expect(() => configOfText(uncommented(textOf(file)))).not.toThrow();
  });
});

/** Lines such as `  # tls: { … }` in force; prose has no key, or one with words in it. */
function uncommented(text: string): string {
  return text.replaceAll(/^( +)# (\w+: .*)$/gm, '$1$2');
}
