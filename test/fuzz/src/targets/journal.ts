import { type Journal, JournalError, type JournalEvent, openJournal } from '@spillway/journal';
import { packFiles, unpackFiles } from '../archive.ts';
import { mutateArchive } from '../mutate/archive.ts';
import { MemoryFiles } from '../seeds/memory-files.ts';
import { demand, type Target } from '../target.ts';

const dir = '/j';
const limits = { dir, bytesMax: 1_000_000, segmentBytes: 1_024 };
const text = (sequence: number) => `entry ${sequence} ${'.'.repeat((sequence * 7) % 60)}`;

/** The files of a journal's folder. Entries are intact, or told as lost; never others. */
export async function journal(): Promise<Target> {
  return {
    name: 'journal',
    seeds: [await filled(40), await filled(3), await filled(0)],
    mutators: [mutateArchive, mutateArchive, mutateArchive],
    dictionary: ['SPWL', '.quarantined', '.log', '/j/positions', '/j/format'],
    bytesMax: 16 * 1024,
    run: (input) => open(unpackFiles(input)),
  };
}

async function filled(entries: number): Promise<Buffer> {
  const files = new MemoryFiles();
  const written = await openJournal({ ...limits, files, clock: () => 1e12 });
  for (let i = 0; i < entries; i++) await written.append([Buffer.from(text(written.end))]);
  await written.positions.save([['reader', Math.floor(entries / 2)]]);
  await written.close();
  return packFiles(files.dump());
}

async function open(damaged: Map<string, Buffer>): Promise<string> {
  const files = new MemoryFiles(damaged);
  const events: JournalEvent[] = [];
  const report = (event: JournalEvent) => void events.push(event);
  let opened: Journal;
  try {
    opened = await openJournal({ ...limits, files, report, clock: () => 1e12 });
  } catch (error) {
    if (!(error instanceof JournalError)) throw error;
    return `refused: ${error.code}`;
  }
  const before = await readAll(opened);
  const inTheMiddle = opened.end - opened.start;
  demand(before.length === inTheMiddle || events.length > 0, 'entries that are gone are told');
  const added = await opened.append([Buffer.from(text(opened.end))]);
  demand(
    added.status === 'durable',
    `a journal that opened takes an entry: ${JSON.stringify(added)}`,
  );
  await opened.close();
  const again = await openJournal({ ...limits, files, clock: () => 1e12 });
  const after = await readAll(again);
  demand(after.join() === [...before, added.sequence].join(), 'opened again, it has what it had');
  await again.close();
  return events.length > 0 ? 'recovered' : 'taken';
}

async function readAll(opened: Journal): Promise<number[]> {
  const found: number[] = [];
  for (let at = opened.start; ; ) {
    const { entries, next } = await opened.read(at, { bytesMax: 500 });
    for (const { sequence, payload } of entries) {
      demand(
        Buffer.from(payload).toString() === text(sequence),
        `entry ${sequence} is what was written`,
      );
      found.push(sequence);
    }
    if (next === at) return found;
    at = next;
  }
}
