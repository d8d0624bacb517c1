/** How the room of the log is divided. */
import type { TopicSpec } from '@spillway/broker';
import type { EmbeddedConfig } from '../config.ts';

/**
 * Who writes a topic: clients; the pipeline itself, for a group; or the pipeline, kept for whoever
 * reads it by position.
 */
export type Writing = 'client' | 'internal' | 'kept';

export function writingOf({ kept, internal }: TopicSpec): Writing {
  if (kept) return 'kept';
  return internal ? 'internal' : 'client';
}

/** Bounds in bytes; see `roomOf`. */
export interface Room {
  /** Most that the log may take, with everything. */
  logBytesMax: number;
  /** Most that the log may take when a client's message comes: the rest is the reserve. */
  clientBytesMax: number;
  /** Most that all but the kept topics may take when a note comes. */
  internalBytesMax: number;
  /** Most that the kept topics may take. */
  keptBytesMax: number;
  /** What the kept topics may take whatever else there is. */
  keptBytesMin: number;
  /** Most that is appended to a kept topic at once, if it is more than one message. */
  keptBatchBytesMax: number;
}

/**
 * What consumers must write to go forward (dead letters, and the notes that others read) has a
 * reserve that no client's message takes: an eighth of the log, enough for a dead letter of the
 * largest message beside notes, at most a quarter. Half of it is for kept topics alone: their oldest
 * messages expire for newer ones, so that there is always room for the next. They may have more,
 * up to a quarter of the log, while it is not needed.
 */
export function roomOf(config: Pick<EmbeddedConfig, 'logBytesMax' | 'messageBytesMax'>): Room {
  const { logBytesMax, messageBytesMax } = config;
  const quarter = logBytesMax / 4;
  const reserve = Math.max(logBytesMax / 8, Math.min(2 * messageBytesMax + headBytes, quarter));
  return {
    logBytesMax,
    clientBytesMax: Math.floor(logBytesMax - reserve),
    internalBytesMax: Math.floor(logBytesMax - reserve / 2),
    keptBytesMax: Math.floor(quarter),
    keptBytesMin: Math.floor(reserve / 2),
    keptBatchBytesMax: Math.floor(reserve / 8),
  };
}

/** Heads of segments and entries. */
const headBytes = 64 * 1024;
