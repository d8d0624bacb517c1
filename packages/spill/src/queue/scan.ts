import type { Entry, Journal } from '@spillway/journal';
import { messageOf } from '@spillway/resilience';
import { decodeEntry } from '../disk/entry.ts';
import type { Item } from './index-chunk.ts';
import type { Gap } from './losses.ts';
import type { Queues } from './queues.ts';

const chunkBytes = 1024 * 1024;

/** An intact entry that is no message, such as another version may have written. */
export interface Unreadable {
  sequence: number;
  payload: Uint8Array;
  reason: string;
}

/** Puts all that the journal serves and that is not done into the queues; says what is left out. */
export async function fillQueues(
  queues: Queues,
  journal: Journal,
  setAside: (unreadable: Unreadable) => Promise<void>,
): Promise<{ gaps: Gap[]; unreadable: number }> {
  const gaps: Gap[] = [];
  let unreadable = 0;
  const last = new Map<object, Item>();
  for (let at = journal.start; ; ) {
    const { entries, next } = await journal.read(at, { bytesMax: chunkBytes });
    if (next === at) return { gaps, unreadable };
    for (const entry of entries) await tryToFill(entry);
    at = next;
  }

  async function tryToFill(entry: Entry): Promise<void> {
    try {
      fill(entry);
    } catch (error) {
      const { sequence, payload } = entry;
      unreadable += 1;
      await setAside({ sequence, payload, reason: messageOf(error) });
    }
  }

  function fill({ sequence, offset, payload }: Entry): void {
    const { ordinal, message } = decodeEntry(payload);
    const identity = queues.identify(message);
    const queue = queues.of(message);
    // The first time, `end` is what was saved as done.
    if (ordinal < queue.end) return;
    const place = { sequence, offset, payloadBytes: payload.length };
    const item = { ...identity, ...place, ordinal };
    if (ordinal > queue.end) {
      const messages = ordinal - queue.end;
      gaps.push({ partition: queue.partition, messages, before: last.get(queue), after: item });
    }
    queue.push(item);
    last.set(queue, item);
  }
}
