import { metricsOf } from '@spillway/metrics';
import type { SpillStats } from './types.ts';

const { counter, gauge } = metricsOf<SpillStats>();

/** What waits in the spill of a gateway, against its bound. */
export const spillMetrics = [
  gauge({
    name: 'spillway_spill_messages',
    help: 'Messages that wait in the spill of this gateway until the broker takes them.',
    read: ({ messages }) => messages,
  }),
  gauge({
    name: 'spillway_spill_bytes',
    help: 'Size of the messages that wait in the spill of this gateway, with their keys and headers.',
    read: ({ bytes }) => bytes,
  }),
  gauge({
    name: 'spillway_spill_disk_bytes',
    help: 'Size of the files of the spill on its disk, with messages that are done and not deleted yet. It is what counts against the bound.',
    read: ({ diskBytes }) => diskBytes,
  }),
  gauge({
    name: 'spillway_spill_disk_limit_bytes',
    help: 'Size that the files of the spill may have (gateway.spill.bytesMax). At this bound the spill takes nothing more.',
    read: ({ bytesMax }) => bytesMax,
  }),
  gauge({
    name: 'spillway_spill_notes',
    help: 'Notes for the ledger that wait in the spill of this gateway until the broker takes them.',
    read: ({ notes }) => notes,
  }),
  gauge({
    name: 'spillway_spill_notes_bytes',
    help: 'Size of the files with the notes for the ledger in the spill of this gateway.',
    read: ({ notesBytes }) => notesBytes,
  }),
  counter({
    name: 'spillway_spill_lost_messages_total',
    help: 'Messages that were acknowledged from the spill and cannot be read any more, because its files are damaged or missing. They are lost.',
    read: ({ lost }) => lost,
  }),
  counter({
    name: 'spillway_spill_refusals_total',
    help: 'Batches of messages that the spill refused to take, by reason.',
    labels: ['reason'],
    read: ({ refused }) =>
      Object.entries(refused).map(([reason, value]) => ({ labels: { reason }, value })),
  }),
  counter({
    name: 'spillway_spill_syncs_total',
    help: 'Times that the spill waited for the disk to make messages durable.',
    read: ({ syncs }) => syncs,
  }),
];
