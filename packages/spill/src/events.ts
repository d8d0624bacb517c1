import type { TopicPartition } from '@spillway/broker';
import type { EventTable } from '@spillway/events';
import type { JournalEvent } from '@spillway/journal';

/** What waits of one life of a gateway. */
export interface FormerGateway {
  gateway: string;
  epoch: number;
  messages: number;
  /** On the disk, with keys and headers. */
  bytes: number;
}

/**
 * Messages of a partition that cannot be read any more. `range` names them where that is known.
 * Found at open, by the numbers of those around them, it may be less than `messages`.
 */
export interface MessagesLost extends TopicPartition {
  type: 'messages-lost';
  messages: number;
  range: { gateway: string; epoch: number; from: number; to: number } | undefined;
  message: string;
}

/** What a spill reports to its owner besides answers; those of its journals are passed on. */
export type SpillEvent =
  | JournalEvent
  /** At open: something waits here that an earlier process accepted. */
  | {
      type: 'taken-over';
      dir: string;
      /** Who opened the folder before. */
      from: string;
      messages: number;
      bytes: number;
      notes: number;
      gateways: FormerGateway[];
      message: string;
    }
  | MessagesLost
  /** An intact entry is no message of Spillway: it was set aside, and what is behind it goes on. */
  | { type: 'message-unreadable'; path: string; message: string }
  /** A small value is corrupt; its file was set aside. */
  | { type: 'value-lost'; path: string; message: string }
  /** Who owns the folder could not be saved (a full disk); it works all the same. */
  | { type: 'owner-not-saved'; message: string }
  /** What is done was not noted durably: after a crash now, it is handed out again. */
  | { type: 'done-not-saved'; message: string }
  /** A segment in which everything is done could not be deleted; the next start tries again. */
  | { type: 'not-deleted'; message: string };

/** Takes what a spill reports. */
export type SpillReport = (event: SpillEvent) => void;

/** What each event says to an operator. */
export const spillEvents = {
  'taken-over': {
    severity: 'warn',
    description:
      'Messages of an earlier process wait in the spill folder; this process brings them to the broker.',
  },
  'messages-lost': {
    severity: 'error',
    description:
      'Acknowledged messages in the spill cannot be read any more. The event names them where that is known.',
  },
  'message-unreadable': {
    severity: 'error',
    description:
      'An intact entry of the spill is no message of Spillway. It was set aside, and what is behind it goes on.',
  },
  'value-lost': {
    severity: 'error',
    description: 'A small file beside the spill is corrupt and was set aside.',
  },
  'owner-not-saved': {
    severity: 'warn',
    description:
      'Who owns the spill folder could not be saved, on a full disk for instance. The spill works all the same.',
  },
  'done-not-saved': {
    severity: 'warn',
    description:
      'It could not be noted which spilled messages are on the broker: after a crash now, they are sent again.',
  },
  'not-deleted': {
    severity: 'warn',
    description:
      'A segment of the spill in which everything is done could not be deleted; the next start tries again.',
  },
} as const satisfies EventTable<Exclude<SpillEvent, JournalEvent>>;
