import type { Broker } from '@spillway/broker';
import { LocalQuotas } from '@spillway/resilience';
import type { InternalErrorEvent } from '@spillway/runtime';
import { describe, expect, it } from 'vitest';
import { jsonRequest } from '../../test/support/requests.ts';
import { Admission, type AdmissionPermit } from '../admit/admission.ts';
import { ConnectionShare } from '../admit/connection-share.ts';
import { gatewaySection } from '../model/config.ts';
import type { Refusal } from '../model/refusal.ts';
import { ReceiverStats } from '../model/stats.ts';
import { Accounting } from '../publish/accounting.ts';
import { NotePublisher } from '../publish/notes/note-publisher.ts';
import type { Publisher } from '../publish/publisher.ts';
import { GrowingBytes } from '../receive/growing-bytes.ts';
import { Ingest } from './ingest.ts';

const timing = { intervalMs: 1000, publishTimeoutMs: 1000, wallMs: () => 0 };

describe('Ingest', () => {
  it('answers and reports a bug instead of ending the process, and leaves nothing behind', async () => {
    const bug = new Error('a bug');
    const events: InternalErrorEvent[] = [];
    const config = gatewaySection.parse({});
    const identity = { gateway: 'gw', epoch: 1 };
    const broker = {
      topics: async () =>
        ['otlp_spans', 'otlp_metrics', 'otlp_logs'].map((name) => ({ name, partitions: 1 })),
    } as unknown as Broker;
    const notes = new NotePublisher({ ...identity, ...timing, broker });
    const ingest = new Ingest({
      broker,
      config,
      messageBytesMax: 1_000_000,
      notes,
      accounting: new Accounting({ ...identity, notes }),
      publisher: { publish: () => Promise.reject(bug) } as unknown as Publisher,
      stats: new ReceiverStats(),
      report: (event) => events.push(event),
    });
    await ingest.start();
    const admission = new Admission({ config, quotas: new LocalQuotas(() => 0), nowMs: () => 0 });
    const entry = { tenant: 'default', signal: 'logs', bytes: 0 } as const;
    const permit = admission.admit({
      ...entry,
      connection: new ConnectionShare(),
    }) as AdmissionPermit;
    const body = new GrowingBytes({
      bytesMax: 1_000_000,
      grow: (bytes) => permit.grow(bytes),
      shrink: (bytes) => permit.shrink(bytes),
    });
    body.push(jsonRequest('logs'));
    const result = await ingest.process({
      signal: 'logs',
      tenant: 'default',
      format: 'json',
      encoding: 'identity',
      body,
      traceparent: undefined,
      receivedMs: 0,
      permit,
      isCancelled: () => false,
    });
    expect((result as Refusal).http).toBe(500);
    expect(events).toEqual([{ type: 'internal-error', where: 'logs request', error: bug }]);
    expect(admission.inFlight).toEqual({ requests: 0, bytes: 0 });
  });

  it('does not start without its topics', async () => {
    const broker = { topics: async () => [] } as unknown as Broker;
    const notes = new NotePublisher({ gateway: 'gw', epoch: 1, ...timing, broker });
    const ingest = new Ingest({
      broker,
      config: gatewaySection.parse({}),
      messageBytesMax: 1_000_000,
      notes,
      accounting: new Accounting({ gateway: 'gw', epoch: 1, notes }),
      publisher: {} as Publisher,
      stats: new ReceiverStats(),
    });
    await expect(ingest.start()).rejects.toThrow('the broker has no topic otlp_spans');
  });
});
