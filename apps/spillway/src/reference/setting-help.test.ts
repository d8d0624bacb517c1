import { expect, test } from 'vitest';
import { settingHelp } from './setting-help.ts';

test('a setting is shown with its description, type, default, variable and flag', () => {
  expect(settingHelp('gateway.httpPort')).toBe(
    [
      'gateway.httpPort',
      '  Port on which OTLP/HTTP is received; 0 takes a free one.',
      '',
      '  type         integer, 0 to 65535',
      '  default      4318',
      '  environment  SPILLWAY_GATEWAY_HTTP_PORT',
      '  flag         --gateway.httpPort',
    ].join('\n'),
  );
});

test('a secret is marked as one', () => {
  expect(settingHelp('broker.kafka.sasl.password')).toContain('a secret');
});

test('an unknown setting is an error that suggests the closest one', () => {
  expect(() => settingHelp('gateway.htpPort')).toThrow('did you mean gateway.httpPort?');
  expect(() => settingHelp('nothing.like.any.of.them')).toThrow('lists them all');
});
