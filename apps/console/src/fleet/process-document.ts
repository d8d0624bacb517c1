import { z } from 'zod';

const amount = z.number().nonnegative();
const label = z.string().max(300);

const signalDocument = z.object({
  name: label,
  breaker: z.enum(['closed', 'open', 'half-open']),
  /** Messages and bytes between the door and the broker. */
  queueBytes: amount.optional(),
});

const spillDocument = z.object({
  messages: amount,
  /** On its disk. */
  bytes: amount,
  bytesMax: amount,
  /** Why it takes nothing at the moment; '' when it does. */
  cut: label,
  /** When the oldest waiting message was accepted, ms since the epoch. */
  oldestMs: amount.optional(),
});

const gatewayDocument = z.object({
  /** Counters and gauges for a person, by name. */
  numbers: z.record(label, z.number()),
  signals: z.array(signalDocument).max(16).default([]),
  /** How many partitions are `direct`, `spilling`, `draining`, … */
  partitions: z.record(label, amount),
  /** Undefined for a gateway without a spill. */
  spill: spillDocument.optional(),
});

/**
 * The description of a process that the others read, as JSON of at most 8 KB. Another version may
 * have written it: what it does not know is left out, and what does not fit is not shown.
 */
export const processDocument = z.object({
  roles: z.array(label).max(16),
  host: label,
  pid: z.number(),
  state: z.enum(['running', 'stopping']),
  ready: z.boolean(),
  /** What is unwell, for a person; '' when nothing is. */
  trouble: label,
  /** Its own judgement. */
  dependencies: z
    .array(z.object({ dependency: label, own: z.enum(['up', 'down', 'unknown']) }))
    .max(32),
  /** Safety checks that are switched off there. */
  unsafe: z.array(z.object({ name: label, key: label, wanted: label, got: label })).max(16),
  gateway: gatewayDocument.optional(),
});

/** A signal in the description of a process. */
export type SignalDocument = z.output<typeof signalDocument>;

/** A spill in the description of a process. */
export type SpillDocument = z.output<typeof spillDocument>;

/** A gateway in the description of a process. */
export type GatewayDocument = z.output<typeof gatewayDocument>;

/** The description of a process. */
export type ProcessDocument = z.output<typeof processDocument>;
