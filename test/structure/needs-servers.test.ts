import { expect, test } from 'vitest';
import { needsServers } from './src/needs-servers.ts';

test.each([
  ['packages/broker-kafka/test/contract.test.ts', true],
  ['packages/broker-rabbitmq/src/contract.test.ts', true],
  ['apps/console/test/views.browser.test.ts', true],
  ['packages/consumer/test/redis-under-fire.test.ts', true],
  ['packages/broker-embedded/src/contract.test.ts', false],
  ['apps/gateway/src/slice/ring.test.ts', false],
  ['apps/gateway/src/publish/partition/order-and-no-loss.test.ts', false],
])('%s needs servers: %s', (file, expected) => {
  expect(needsServers(file)).toBe(expected);
});
