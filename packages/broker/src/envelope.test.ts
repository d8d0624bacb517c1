import { expect, test } from 'vitest';
import { foreignGateway, readEnvelope, stampHeaders } from './envelope.ts';

const stamp = { gateway: 'gw-1', epoch: 1, sequence: 7, tenant: 'acme', records: 3, receivedMs: 5 };
const read = (over: Partial<typeof stamp>) =>
  readEnvelope({
    topic: 'otlp_spans',
    partition: 0,
    position: 9,
    timestampMs: 1,
    headers: stampHeaders({ ...stamp, ...over }),
  });

test('a stamped message is ours', () => {
  expect(read({})).toMatchObject({ foreign: false, tenant: 'acme', id: { gateway: 'gw-1' } });
});

test.each(['tenant', 'gateway'])('one whose %s is longer than any name is foreign', (name) => {
  const envelope = read({ [name]: 'x'.repeat(100_000) });
  expect(envelope).toMatchObject({ foreign: true, tenant: 'default' });
  expect(envelope.id).toMatchObject({ gateway: foreignGateway, sequence: 9 });
});
