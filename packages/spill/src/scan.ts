import type { Entry, Journal } from '@spillway/journal';
import { decodeEntry } from './entry.ts';
import type { Queues } from './queues.ts';

const chunkBytes = 1024 * 1024;

/** Puts everything that the journal serves and that is not done into the queues. */
export async function fillQueues(queues: Queues, journal: Journal): Promise<void> {
  for (let at = journal.start; ; ) {
    const { entries, next } = await journal.read(at, { bytesMax: chunkBytes });
    if (next === at) return;
    for (const entry of entries) fill(queues, entry);
    at = next;
  }
}

function fill(queues: Queues, { sequence, offset, payload }: Entry): void {
  const { ordinal, message } = decodeEntry(payload);
  const queue = queues.of(message);
  // While nothing waits, `end` is what was saved as done.
  if (ordinal < queue.end) return;
  const place = { sequence, offset, payloadBytes: payload.length };
  queue.push({ ...queues.identify(message), ...place, ordinal });
}
