import type { OutgoingMessage, PublishOutcome } from '@spillway/broker';

/** A message on its way. */
export interface Pending {
  id: string;
  message: OutgoingMessage;
  bytes: number;
  deadlineMs: number;
  /** Why no queue took it, though it is confirmed. */
  returned: string | undefined;
  /** Whether its outcome was reported as unknown. */
  unresolved: boolean;
  settle: (outcome: PublishOutcome) => void;
}
