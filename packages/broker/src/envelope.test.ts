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

test('when it was received lies near to when the broker took it', () => {
  const day = 86_400_000;
  const takenMs = 1_000 * day;
  const receivedMs = (sent: number, timestampMs = takenMs) =>
    readEnvelope({
      topic: 'otlp_spans',
      partition: 0,
      position: 9,
      timestampMs,
      headers: stampHeaders({ ...stamp, receivedMs: sent }),
    }).receivedMs;
  expect(receivedMs(takenMs - 80 * day)).toBe(takenMs - 80 * day);
  expect(receivedMs(takenMs + 1)).toBe(takenMs + 1);
  expect(receivedMs(7)).toBe(takenMs - 90 * day);
  expect(receivedMs(5_000 * day)).toBe(takenMs + 2 * day);
  expect(receivedMs(7, takenMs + 5)).toBe(receivedMs(7));
  expect(receivedMs(7, -1)).toBe(7);
});

test.each(['tenant', 'gateway'])('one whose %s is longer than any name is foreign', (name) => {
  const envelope = read({ [name]: 'x'.repeat(100_000) });
  expect(envelope).toMatchObject({ foreign: true, tenant: 'default' });
  expect(envelope.id).toMatchObject({ gateway: foreignGateway, sequence: 9 });
});
