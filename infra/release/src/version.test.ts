import { expect, test } from 'vitest';
import { checkNext, withVersion } from './version.ts';

test.each([
  ['0.2.0', '0.1.0'],
  ['0.1.1', '0.1.0'],
  ['1.0.0', '0.9.12'],
  ['0.2.0', '0.2.0-rc.1'],
  ['0.2.0-rc.2', '0.2.0-rc.1'],
])('%s may follow %s', (version, current) => {
  expect(() => checkNext(version, current)).not.toThrow();
});

test.each([
  ['0.1.0', '0.1.0'],
  ['0.0.9', '0.1.0'],
  ['0.2.0-rc.1', '0.2.0'],
  ['', '0.1.0'],
  ['v0.2.0', '0.1.0'],
])('%s may not follow %s', (version, current) => {
  expect(() => checkNext(version, current)).toThrow();
});

test('only the version of a manifest changes', () => {
  const manifest = '{\n  "name": "x",\n  "version": "0.1.0",\n  "a": { "version": "0.1.0" }\n}\n';
  expect(withVersion(manifest, '0.2.0')).toBe(
    '{\n  "name": "x",\n  "version": "0.2.0",\n  "a": { "version": "0.1.0" }\n}\n',
  );
});
