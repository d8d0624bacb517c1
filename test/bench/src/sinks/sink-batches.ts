import { readEnvelope, stampHeaders, topicOf } from '@spillway/broker';
import { decode } from '@spillway/otlp';
import type { DecodedMessage } from '@spillway/store';
import { spanRequest, spansPerRequest } from '../requests.ts';

const messagesPerBatch = 10;
export const spansPerBatch = messagesPerBatch * spansPerRequest;

/** Batches as the consumer hands them to a sink, with the positions of one partition. */
export function decodedBatches(count: number): DecodedMessage[][] {
  return Array.from({ length: count }, (_, n) => batch(n));
}

function batch(n: number): DecodedMessage[] {
  return Array.from({ length: messagesPerBatch }, (_, i) => {
    const position = n * messagesPerBatch + i;
    const value = spanRequest(position);
    const stamp = { gateway: 'bench', epoch: 1, sequence: position + 1, tenant: 'default' };
    const headers = stampHeaders({ ...stamp, records: spansPerRequest, receivedMs: Date.now() });
    const place = { topic: topicOf.traces, partition: 0, position, timestampMs: Date.now() };
    const { records, broken } = decode('traces', value, { tenant: 'default' });
    const envelope = readEnvelope({ ...place, headers });
    return { envelope, signal: 'traces', position, records, broken };
  });
}
