import type { EventTable } from '@spillway/events';
/** What a journal reports to its owner besides answers. */
export type JournalEvent =
  /** The bytes after the last intact entry, left by a crash, were cut off at open. */
  | { type: 'tail-cut'; path: string; bytesLost: number; message: string }
  /**
   * A segment with corrupt entries was renamed to `*.quarantined`. It is not written any more; its
   * intact entries are still served. `entriesLost` is undefined where it cannot be known.
   */
  | {
      type: 'segment-quarantined';
      path: string;
      entriesLost: number | undefined;
      bytesLost: number;
      message: string;
    }
  /** Segments between two others are gone, or one that is in use. */
  | { type: 'segment-missing'; path: string; entriesLost: number; message: string }
  /** Both copies of the saved positions are corrupt; the file was set aside. */
  | { type: 'positions-lost'; path: string; message: string }
  /** A write or fsync failed; what was waiting for it was refused. */
  | { type: 'write-failed'; path: string; noSpace: boolean; message: string };

/** Takes what a journal reports. */
export type Report = (event: JournalEvent) => void;

/** What each event says to an operator. */
export const journalEvents = {
  'tail-cut': {
    severity: 'warn',
    description:
      'The bytes after the last intact entry of a file, left by a crash, were cut off when it was opened.',
  },
  'segment-quarantined': {
    severity: 'error',
    description:
      'A segment with corrupt entries was renamed to *.quarantined. Its intact entries are still served; nothing more is written to it.',
  },
  'segment-missing': {
    severity: 'error',
    description:
      'Segments between two others are gone, or one that is in use: their entries are lost.',
  },
  'positions-lost': {
    severity: 'error',
    description: 'Both copies of the saved positions are corrupt; the file was set aside.',
  },
  'write-failed': {
    severity: 'warn',
    description: 'A write or an fsync failed; what was waiting for it was refused.',
  },
} as const satisfies EventTable<JournalEvent>;
