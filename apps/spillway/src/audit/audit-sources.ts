import type { Broker } from '@spillway/broker';
import type { KeptAside, LedgerSide, NotedSpill, SinkSpec } from '@spillway/ledger';
import type { WriteStore } from '@spillway/store';
import type { FairQueue } from '@spillway/store/search';

/** A store that is accounted for, and its side of the ledger. */
export interface Account {
  sink: SinkSpec;
  side: LedgerSide;
}

/** What an audit reads from; all of it started. */
export interface AuditSources {
  broker: Pick<Broker, 'name' | 'capabilities' | 'lag' | 'read' | 'topics'>;
  /** The group that reads the gateways' notes. */
  noteGroup: string;
  /** What the write store keeps of the notes. */
  notes: Pick<
    WriteStore,
    'notedMessages' | 'notedCounts' | 'refusedCounts' | 'keptNotes' | 'notedSpills' | 'rowCounts'
  >;
  accounts: readonly Account[];
  /** What the spill of this process holds at this moment; empty where it has none. */
  liveSpills: () => readonly NotedSpill[];
  /** Stores that were set aside and may be the only copy of something. */
  keptAside: () => Promise<KeptAside[]>;
  /** Where whoever reads the whole log waits for others who do: the memory for it is there once. */
  turns: Pick<FairQueue, 'enter'>;
  /** How far back the write store keeps records. */
  retentionHours: number;
}
