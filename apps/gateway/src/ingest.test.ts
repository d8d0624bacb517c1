import type { Broker } from '@spillway/broker';
import { LocalQuotas } from '@spillway/resilience';
import type { InternalErrorEvent } from '@spillway/runtime';
import { describe, expect, it } from 'vitest';
import { jsonRequest } from '../test/support/requests.ts';
import { Admission, type Ticket } from './admission.ts';
import { ConnectionShare } from './connection-share.ts';
import { GrowingBytes } from './growing-bytes.ts';
import { Ingest } from './ingest.ts';
import { LedgerNotes } from './ledger-notes.ts';
import { Parcels } from './parcel.ts';
import type { Publisher } from './publish/publisher.ts';
import type { Refusal } from './refusal.ts';
import { gatewaySection } from './section.ts';
import { DoorStats } from './stats.ts';

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
    const notes = new LedgerNotes({ ...identity, ...timing, broker });
    const ingest = new Ingest({
      broker,
      config,
      messageBytesMax: 1_000_000,
      notes,
      parcels: new Parcels({ ...identity, notes }),
      publisher: { publish: () => Promise.reject(bug) } as unknown as Publisher,
      stats: new DoorStats(),
      report: (event) => events.push(event),
    });
    await ingest.start();
    const admission = new Admission({ config, quotas: new LocalQuotas(() => 0), nowMs: () => 0 });
    const entry = { tenant: 'default', signal: 'logs', bytes: 0 } as const;
    const ticket = admission.enter({ ...entry, connection: new ConnectionShare() }) as Ticket;
    const body = new GrowingBytes({
      bytesMax: 1_000_000,
      grow: (bytes) => ticket.grow(bytes),
      shrink: (bytes) => ticket.shrink(bytes),
    });
    body.push(jsonRequest('logs'));
    const result = await ingest.take({
      signal: 'logs',
      tenant: 'default',
      format: 'json',
      encoding: 'identity',
      body,
      traceparent: undefined,
      receivedMs: 0,
      ticket,
      cancelled: () => false,
    });
    expect((result as Refusal).http).toBe(500);
    expect(events).toEqual([{ type: 'internal-error', where: 'logs request', error: bug }]);
    expect(admission.inFlight).toEqual({ requests: 0, bytes: 0 });
  });

  it('does not start without its topics', async () => {
    const broker = { topics: async () => [] } as unknown as Broker;
    const notes = new LedgerNotes({ gateway: 'gw', epoch: 1, ...timing, broker });
    const ingest = new Ingest({
      broker,
      config: gatewaySection.parse({}),
      messageBytesMax: 1_000_000,
      notes,
      parcels: new Parcels({ gateway: 'gw', epoch: 1, notes }),
      publisher: {} as Publisher,
      stats: new DoorStats(),
    });
    await expect(ingest.start()).rejects.toThrow('the broker has no topic otlp_spans');
  });
});
