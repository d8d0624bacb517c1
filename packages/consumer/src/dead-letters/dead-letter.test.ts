import { type DeliveredMessage, topicOf } from '@spillway/broker';
import { readDeadLetter } from '@spillway/dead-letters';
import { expect, it } from 'vitest';
import { InFlightMessage } from '../in-flight/in-flight-message.ts';
import { deadLettersOf } from './dead-letter.ts';

const limits = { recordsMax: 10, bytesMax: 1_000_000 };

/** As a broker without lasting positions delivers it: its dead letter has another content. */
function deadLetterOf(over: Partial<DeliveredMessage>) {
  const place = { topic: topicOf.logs, partition: 1, position: 7, timestampMs: 86_400_000 };
  const message = { ...place, key: '', value: Buffer.from('f00d', 'hex'), headers: {} };
  const item = new InFlightMessage({ ...message, contentId: 4711, ...over }, 'writer');
  item.decode(limits);
  const [deadLetter] = deadLettersOf(item, { records: [] }, 'writer');
  if (!deadLetter) throw new Error('no dead letter');
  const { topic, partition, key, headers, value } = deadLetter;
  const kept = { topic, partition, key, headers, value: Buffer.concat(value) };
  const read = readDeadLetter({ ...kept, position: 3, timestampMs: 90_000_000, contentId: 815 });
  return { read, item };
}

it.each([
  ['that another program wrote', {}],
  ['with some headers of a gateway', { headers: { 'spillway-tenant': 'acme' } }],
  ['with headers beyond any bound', { headers: { traceparent: 'x'.repeat(100_000) } }],
])('the dead letter of a message %s is known by the name of the message', (_, over) => {
  const { read, item } = deadLetterOf(over);
  expect(read?.sourceId).toEqual(item.envelope.id);
  expect(read).toMatchObject({ tenant: 'default', records: 1, receivedMs: 86_400_000 });
});

it('the dead letter of a gateway’s message keeps its tenant and its trace', () => {
  const seq = { 'spillway-seq': 'gw/1/5', 'spillway-tenant': 'acme', 'spillway-records': '1' };
  const headers = { ...seq, 'spillway-received-ms': '80000000', traceparent: '00-1-2-01' };
  const { read, item } = deadLetterOf({ headers });
  expect(read).toMatchObject({ tenant: 'acme', receivedMs: 80_000_000 });
  expect(read?.sourceId).toMatchObject({ gateway: 'gw', epoch: 1, sequence: 5 });
  expect(item.envelope.traceparent).toBe('00-1-2-01');
});
