import type { Broker } from '@spillway/broker';
import { LossyFiles } from '@spillway/journal/lossy-files';
import { openSpill, type Spill, type SpillOptions } from '@spillway/spill';
import { type GatewayConfig, gatewaySection } from '../model/config.ts';
import { Accounting } from './accounting.ts';
import { MessageStamper } from './message-stamper.ts';
import { NotePublisher } from './notes/note-publisher.ts';
import { PendingRequest, type SlicedRequest } from './pending-request.ts';
import { type PublishEvent, Publisher, type PublisherOptions } from './publisher.ts';

/** A publisher, started, with the tests' side of the port as its broker. */
export async function publisherBefore(
  scripted: Pick<Broker, 'publish'> & Partial<Pick<Broker, 'capabilities'>>,
  limits: Partial<GatewayConfig> = {},
  more: Partial<PublisherOptions> & { epoch?: number } = {},
) {
  const broker = Object.assign(scripted, {
    capabilities: scripted.capabilities ?? {},
  }) as Broker;
  const identity = { gateway: 'gw', epoch: more.epoch ?? 1, broker };
  const timing = { intervalMs: 1000, publishTimeoutMs: 1000, wallMs: () => 0 };
  const notes = new NotePublisher({ ...identity, ...timing });
  const accounting = new Accounting({ ...identity, notes });
  const events: PublishEvent[] = [];
  const drained: string[] = [];
  const publisher = new Publisher({
    broker,
    config: gatewaySection.parse(limits),
    stamper: new MessageStamper(identity),
    accounting,
    report: (event) => events.push(event),
    onDrained: (message, position) => {
      drained.push(`${message.headers['spillway-seq']}@${position}`);
      accounting.drained(message, position);
    },
    nowMs: () => performance.now(),
    wallMs: Date.now,
    ...more,
  });
  publisher.start();
  return { publisher, accounting, notes, events, drained };
}

export function openTestSpill(
  options: Partial<SpillOptions> = {},
): Promise<Spill> & { files: LossyFiles } {
  const files = new LossyFiles();
  const spill = openSpill({ dir: '/spill', gateway: 'gw', bytesMax: 1e8, files, ...options });
  return Object.assign(spill, { files });
}

export function requestOf(bytes: number, more: Partial<SlicedRequest> = {}): PendingRequest {
  return new PendingRequest({
    signal: 'logs',
    tenant: 'default',
    receivedMs: Date.now(),
    traceparent: undefined,
    slices: [{ partition: 0, records: 1, bytes, chunks: [Buffer.alloc(bytes)] }],
    isCancelled: () => false,
    ...more,
  });
}

export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
